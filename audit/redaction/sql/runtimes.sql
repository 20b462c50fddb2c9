-- A runtime of several turns that is written like one is shown as it is; any other text there may be anything.
CREATE TABLE runtimes AS
SELECT runtime_key AS original,
    count(*) > 1 AND regexp_full_match(runtime_key, '[A-Za-z][A-Za-z0-9._@-]{0,63}') AS shown
FROM fingerprints WHERE runtime_key <> '' AND runtime_key NOT IN (SELECT original FROM parts) GROUP BY runtime_key
