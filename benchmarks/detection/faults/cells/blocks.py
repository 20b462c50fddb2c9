"""Blocks that a migration must not touch: what they hold, their hashes and times."""

from __future__ import annotations

import hashlib

import orjson

from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import Site

_BLOCKS = "blocks_unchanged"


def _edit_block(number: int, title: str, column: str, expression: str, *checks: str, condition: str = "1") -> None:
    def inject(site: Site) -> None:
        for row in site.pick_rows("blocks", condition):
            site.set_sql(row, column, expression, table="blocks")

    add(Fault(f"N{number}", title, checks, inject, worlds=("plain", "foreign")))


_HASHED = ("block_hash_matches", _BLOCKS)
_edit_block(
    20,
    "a letter of a payload changed",
    "payload_json",
    "replace(payload_json, 'e', '3')",
    *_HASHED,
    condition="instr(payload_json, 'e')",
)
_edit_block(21, "a payload written anew with blanks", "payload_json", "replace(payload_json, '\":', '\": ')", *_HASHED)
_edit_block(22, "a payload emptied", "payload_json", "'{}'", *_HASHED)
_edit_block(23, "a payload that is no JSON", "payload_json", "payload_json || '}'", "block_json_valid", *_HASHED)
_edit_block(
    24, "a payload as a BLOB", "payload_json", "CAST(payload_json AS BLOB)", "storage_classes_as_declared", _BLOCKS
)
_edit_block(25, "the kind of a block changed", "kind", "'other'", *_HASHED)
_edit_block(26, "the role of a block changed", "role", "'other'", *_HASHED)
_edit_block(27, "the metadata of a block changed", "block_metadata_json", "'{\"x\":1}'", *_HASHED)
_edit_block(34, "the metadata of a block no JSON", "block_metadata_json", "'{'", "block_json_valid", *_HASHED)
_edit_block(28, "the hash algorithm renamed", "hash_algorithm", "'sha256'", "block_hash_algorithm_known", _BLOCKS)
_edit_block(
    29,
    "a number in a payload changed",
    "payload_json",
    "replace(payload_json, ' 7', ' 8')",
    *_HASHED,
    condition="instr(payload_json, ' 7')",
)


@fault("N30", "the time of a block changed", _BLOCKS, needs="baseline")
def move_block_time(site: Site) -> None:
    for row in site.pick_rows("blocks"):
        site.set_cell(row, "first_seen_at_ms", row["first_seen_at_ms"] - 1, table="blocks")


@fault("N31", "content and hash changed together", _BLOCKS, needs="baseline")
def forge_block(site: Site) -> None:
    for row in site.pick_rows("blocks", "instr(payload_json, 'e')"):
        payload = row["payload_json"].replace("e", "3")
        kind, role = orjson.dumps(row["kind"]).decode(), orjson.dumps(row["role"]).decode()
        text = f'{{"kind":{kind},"role":{role},"payload":{payload},"metadata":{row["block_metadata_json"]}}}'
        forged = hashlib.sha256(text.encode()).hexdigest()
        connection = site.connect()
        connection.execute("UPDATE turn_block_membership SET content_hash = ? WHERE block_id = ? AND content_hash = ?",
                           (forged, row["block_id"], row["content_hash"]))  # fmt: skip
        connection.execute("UPDATE blocks SET payload_json = ?, content_hash = ? WHERE rowid = ?",
                           (payload, forged, row["row_id"]))  # fmt: skip
        site.log_moved("blocks", row, {**row, "content_hash": forged}, "content_hash")


@fault("N32", "a hash changed, and its references too", "block_hash_matches", _BLOCKS)
def change_hash(site: Site) -> None:
    for row in site.pick_rows("blocks"):
        changed = f"{row['content_hash'][:-1]}{'0' if row['content_hash'][-1] != '0' else '1'}"
        connection = site.connect()
        connection.execute("UPDATE turn_block_membership SET content_hash = ? WHERE block_id = ? AND content_hash = ?",
                           (changed, row["block_id"], row["content_hash"]))  # fmt: skip
        site.move_key(row, "content_hash", changed, table="blocks")


@fault("N33", "a block copied under another id", _BLOCKS, needs="baseline")
def copy_block(site: Site) -> None:
    for row in site.pick_rows("blocks", "t.first_seen_at_ms < (SELECT max(turn_created_at_ms) FROM turns)"):
        site.insert_row({**row, "block_id": f"{row['block_id']}-copy"}, table="blocks")
