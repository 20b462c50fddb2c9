-- title: Version number, application id and text encoding of the file are as they were
-- severity: critical
-- failure: 1 setting of the file is not as before | {n} settings of the file are not as before
-- kind: form
-- needs: turns, baseline
-- identity: pragma_name
-- scans: preservation_summary
-- remedy: Set the pragma to the value of the baseline; they belong to the program that owns the file.
-- breaks: baseline: PRAGMA user_version = 4711
SELECT json_extract_string(key, '$.pragma') AS pragma_name, expected, found
FROM preservation_differences
WHERE kind = 'pragma'
