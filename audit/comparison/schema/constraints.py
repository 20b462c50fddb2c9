"""What the definition of a table demands of its rows, clause by clause: what SQLite's PRAGMAs do not tell.

Two definitions can then be compared although a column was added to one of them. A clause means the same behind its
column and behind all columns: UNIQUE of one column, CHECK and REFERENCES are put down in one way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit.sqlite.tokens import tokens

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


def read_constraints(sql: str) -> Counter[Constraint]:
    """Every clause of a ``CREATE TABLE`` that PRAGMAs do not show, as often as it is there.

    Types, NOT NULL, defaults and the columns of the primary key are left out, and what SQLite does anyway: BINARY as
    collation, ascending order.
    """
    found: Counter[Constraint] = Counter()
    for item in _items(tokens(sql)):
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
    match word:
        case "not":
            return words[at + 1 : at + 2] == ["null"]
        case "null":
            return before not in {"not", "set", "default"}
        case "default":
            return before != "set"
        case "as":
            return before != "always"
        case "references":
            return not (clause and clause[0] == "foreign")
    return word in _BEGINNINGS


def _of_column(item: list[str]) -> Iterator[Constraint]:
    name = item[0]
    for clause in _clauses(item[1:]):
        kind = _KINDS.get(clause[0], clause[0])
        match clause:
            case ["check", *_]:
                yield Constraint(kind, "", tuple(clause))
            case ["unique", *rest]:
                yield Constraint(kind, "", ("unique", "(", name, ")", *rest))
            case ["references", *_]:
                yield Constraint(kind, "", ("foreign key", "(", name, ")", *clause))
            case ["collate", collation] if collation != "binary":
                yield Constraint(kind, name, tuple(clause))
            case ["generated" | "as", *_]:
                yield Constraint(kind, name, generated_words(clause))
            case ["primary", "key", *rest] if rest not in ([], ["asc"]):
                yield Constraint(kind, name, ("primary key", *(word for word in rest if word != "asc")))
            case ["not", "null", "on", *rest]:
                yield Constraint("not null", name, ("not null on", *rest))
            case ["null", "on", *rest]:
                yield Constraint("null", name, ("null on", *rest))


def generated_words(clause: list[str]) -> tuple[str, ...]:
    """``as ( … )``, with ``stored`` if it is: GENERATED ALWAYS and VIRTUAL say nothing where the clause has them.

    Inside the brackets a column may be called so.
    """
    words = tuple(clause[2:] if clause[:2] == ["generated", "always"] else clause)
    return words[:-1] if words[-1] == "virtual" else words


def _of_table(item: list[str]) -> Iterator[Constraint]:
    for clause in _clauses(item):
        kind = _KINDS.get(clause[0], clause[0])
        words = (kind, *clause[2:]) if kind in {"foreign key", "primary key"} else tuple(clause)
        if kind in {"unique", "primary key"}:
            words = tuple(word for word in words if word != "asc")
        if kind != "primary key" or {"collate", "desc", "on", "autoincrement"} & set(words):
            yield Constraint(kind, "", words)
