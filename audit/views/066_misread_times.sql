-- One row a time that shows another unit than milliseconds, in a column of which others do not: where all do, the
-- column as a whole is written so.
--   right_ms   the same time in milliseconds
CREATE VIEW misread_times AS
SELECT found_table, found_column, turn_ref, conv_id, ms, unit,
    CASE unit WHEN 'seconds' THEN ms * 1000 WHEN 'microseconds' THEN ms // 1000 ELSE ms // 1000000 END AS right_ms
FROM stored_times s JOIN time_columns c USING (role, found_table, found_column)
WHERE unit <> '' AND only_unit = '';
