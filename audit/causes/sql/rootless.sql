-- A root of which every finding follows from another one explains nothing: what was put under it stands by itself.
UPDATE roots SET root = "check"
WHERE root <> "check" AND root NOT IN (SELECT "check" FROM roots WHERE root = "check");
