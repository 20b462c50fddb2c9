-- One row a column of times: the unit that all of its times show, '' where at least one shows none or another.
CREATE TABLE time_columns AS
SELECT role, found_table, found_column, count(*) AS times,
    CASE WHEN min(unit) = max(unit) THEN min(unit) ELSE '' END AS only_unit
FROM stored_times GROUP BY role, found_table, found_column;
