-- A root of which every finding follows from another one hands what was put under it on to where most of its own went.
UPDATE roots SET root = further.root
FROM (
    SELECT "check", arg_max(root, (findings, root)) AS root
    FROM (SELECT "check", root, count(*) AS findings FROM roots GROUP BY ALL)
    GROUP BY "check"
) further
WHERE roots.root = further."check" AND roots.root <> roots."check" AND further.root <> further."check"
    AND roots.root NOT IN (SELECT "check" FROM roots WHERE root = "check");
