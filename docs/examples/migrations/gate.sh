#!/bin/sh
# Keep a copy of a SQLite database, migrate it, and let a contract decide what became of it:
#
#     sh gate.sh DATABASE CONTRACT COMMAND...
#
# Ends with 0 GO, 1 NO-GO, 2 a contract or a call that cannot be used, 3 cannot tell, 4 nothing was migrated to its end.
set -eu
if [ $# -lt 3 ] || [ ! -f "$1" ] || [ -e "$1.before" ]; then
    echo "usage: gate.sh DATABASE CONTRACT COMMAND..., where DATABASE is there and DATABASE.before is not" >&2
    exit 2
fi
database=$1 contract=$2
shift 2
# Not cp: while somebody writes it takes pages of two states, and it leaves behind what lies in -wal. The copy holds what
# people wrote and is for nobody else.
(umask 077 && sqlite3 -bail -cmd '.timeout 10000' "$database" ".backup '$database.before'") || {
    rm -f "$database.before"
    exit 4
}
"$@" || exit 4
turntruth diff "$database.before" "$database" --contract "$contract" --out reports
