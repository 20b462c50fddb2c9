-- How many findings are left, and how many rows, turns and conversations they name.
SELECT (SELECT count(*) FROM left_over),
    (SELECT count(*) FROM (SELECT DISTINCT place FROM left_over)),
    (SELECT count(*) FROM (SELECT DISTINCT turn_ref FROM left_over WHERE turn_ref IS NOT NULL)),
    (SELECT count(*) FROM (SELECT DISTINCT conv_ref FROM left_over WHERE conv_ref IS NOT NULL));
