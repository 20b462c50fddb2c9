"""What the definition of a table demands of its rows, clause by clause: what SQLite's PRAGMAs do not tell.

Two definitions can then be compared although a column was added to one of them. A clause means the same behind its
column and behind all columns: UNIQUE of one column, CHECK and REFERENCES are put down in one way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit.sqlite.tokens import name_of, name_word, softened, tokens

_BEGINNINGS = frozenset(
    {"constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "generated", "as",
     "foreign"}
)  # fmt: skip
_KINDS = {"as": "generated", "references": "foreign key", "primary": "primary key", "foreign": "foreign key"}


@dataclass(frozen=True, slots=True, order=True)
class Constraint:
    """One clause: its kind, the column that it stands behind ('' for one of the table), and its words."""

    kind: str
    column: str
    words: tuple[str, ...]

    @property
    def told(self) -> str:
        """The clause as a text."""
        return " ".join(self.words)


def read_constraints(sql: str, names: frozenset[str] | None = None) -> Counter[Constraint]:
    """Every clause of a ``CREATE TABLE`` that PRAGMAs do not show, as often as it is there.

    Types, NOT NULL, defaults and the columns of the primary key are left out, and what SQLite does anyway: BINARY as
    collation, ascending order, ABORT where a row conflicts.

    Parameters
    ----------
    names
        The folded names of the columns: other words in double quotes are texts. Without, these are names too.
    """
    found: Counter[Constraint] = Counter()
    for item in _items(tokens(sql, names)):
        if _is_of_the_table(item):
            found.update(_of_table(item))
        else:
            found.update(_of_column(item))
    return found


def compare_constraints(
    before: Counter[Constraint], after: Counter[Constraint], shared: Iterable[str], anew: Iterable[str] = ()
) -> Iterator[tuple[str, str, str]]:
    """Column, words before and words after of each clause that is lost, new or says something else; '' for none.

    Parameters
    ----------
    shared
        Lower-cased columns that both tables have: what stands behind others goes and comes with them.
    anew
        Those of them that were declared anew: only their CHECKs, references and uniqueness have to stay.
    """
    told, free = {"", *shared}, set(anew)

    def counts(each: Constraint) -> bool:
        return each.column in told and (each.column not in free or each.kind in {"check", "foreign key", "unique"})

    lost = sorted(filter(counts, (before - after).elements()))
    new = sorted(filter(counts, (after - before).elements()))
    for clause in lost:
        # One clause of a kind behind one column cannot be there twice: then it is the same one, changed.
        other = next((each for each in new if (each.kind, each.column) == (clause.kind, clause.column)), None)
        if other is not None:
            new.remove(other)
        yield clause.column, clause.told, other.told if other else ""
    for clause in new:
        yield clause.column, "", clause.told


def _items(words: tuple[str, ...]) -> Iterator[list[str]]:
    """The parts between the commas of the outermost brackets."""
    depth = 0
    item: list[str] = []
    for word in words:
        if word == ")" and depth == 1:
            break
        if depth == 1 and word == ",":
            yield item
            item = []
        elif depth:
            item.append(word)
        depth += (word == "(") - (word == ")")
    if item:
        yield item


def _is_of_the_table(item: list[str]) -> bool:
    match item[:2]:
        case ["check" | "unique", "("] | ["primary" | "foreign", "key"]:
            return True
        case ["constraint", _]:
            return _is_of_the_table(item[2:])
    return False


def _clauses(words: list[str]) -> Iterator[list[str]]:
    """The clauses of one item without the names of constraints; words before the first one are left out."""
    clause: list[str] | None = None
    depth = skip = 0
    for at, word in enumerate(words):
        if skip:
            skip -= 1
            continue
        if depth == 0 and _begins(words, at, clause):
            if clause:
                yield clause
            clause = []
            if word == "constraint":
                clause, skip = None, 1
                continue
        depth += (word == "(") - (word == ")")
        if clause is not None:
            clause.append(word)
    if clause:
        yield clause


def _begins(words: list[str], at: int, clause: list[str] | None) -> bool:
    word, before = words[at], words[at - 1] if at else ""
    if before in {"collate", "references"} or (before == "default" and words[at - 2 : at - 1] != ["set"]):
        return False  # a name stands here, or a value
    match word:
        case "not":
            return words[at + 1 : at + 2] == ["null"]
        case "null":
            return before not in {"not", "set", "default"}
        case "default" | "as":
            return before not in {"set", "always"}
        case "references":
            return not (clause and clause[0] == "foreign")
    return word in _BEGINNINGS and (word != "generated" or words[at + 1 : at + 2] == ["always"])


def _of_column(item: list[str]) -> Iterator[Constraint]:
    name = name_of(item[0])
    for clause in _clauses(item[1:]):
        kind = _KINDS.get(clause[0], clause[0])
        match _without_abort(clause):
            case ["check", *_]:
                yield _constraint(kind, "", clause)
            case ["unique", *rest]:
                yield _constraint(kind, "", ("unique", "(", name_word(name), ")", *rest))
            case ["references", *_]:
                yield _constraint(kind, "", ("foreign key", "(", name_word(name), ")", *clause))
            case ["collate", collation] if name_of(collation) != "binary":
                yield _constraint(kind, name, clause)
            case ["generated" | "as", *_]:
                yield _constraint(kind, name, generated_words(clause))
            case ["primary", "key", *rest] if rest not in ([], ["asc"]):
                yield _of_key(name, rest)
            case ["not", "null", "on", *rest]:
                yield _constraint("not null", name, ("not null on", *rest))
            case ["null", "on", *rest]:
                yield _constraint("null", name, ("null on", *rest))


def _constraint(kind: str, column: str, words: Iterable[str]) -> Constraint:
    return Constraint(kind, column, softened(words))


def _without_abort(clause: list[str]) -> list[str]:
    """What happens anyway when a row conflicts need not be said."""
    return clause[:-3] if clause[-3:] == ["on", "conflict", "abort"] else clause


def _of_key(column: str, words: Iterable[str]) -> Constraint:
    """What a primary key of one column says besides; where it counts up and how it meets conflicts has no order."""
    said = [word for word in words if word not in ("asc", "autoincrement")]
    counts_up = ["autoincrement"] if "autoincrement" in words else []
    return _constraint("primary key", column, ("primary key", *said, *counts_up))


def generated_words(clause: list[str]) -> tuple[str, ...]:
    """``as ( … )``, with ``stored`` if it is: GENERATED ALWAYS and VIRTUAL say nothing where the clause has them.

    Inside the brackets a column may be called so.
    """
    words = tuple(clause[2:] if clause[:2] == ["generated", "always"] else clause)
    return words[:-1] if words[-1] == "virtual" else words


def _of_table(item: list[str]) -> Iterator[Constraint]:
    for each in _clauses(item):
        clause = _without_abort(each) if each[0] in {"unique", "primary"} else each
        kind = _KINDS.get(clause[0], clause[0])
        words = [kind, *clause[2:]] if kind in {"foreign key", "primary key"} else clause
        if kind in {"unique", "primary key"}:
            words = [word for word in words if word != "asc"]
        match words:
            # A row number in descending order is one behind all columns alone, so that DESC stays where it stands.
            case ["primary key", "(", name, ")", *rest] | ["primary key", "(", name, "autoincrement", ")", *rest]:
                said = [*rest, *(["autoincrement"] if "autoincrement" in words else [])]
                if said:
                    yield _of_key(name_of(name), said)
            case ["primary key", *_] if not {"collate", "desc", "on", "autoincrement"} & set(words):
                continue
            case _:
                yield _constraint(kind, "", words)
