-- In the order in which they are first seen; the number of a row follows from it.
CREATE TABLE numbered AS SELECT kind, original FROM seen ORDER BY kind, place, original
