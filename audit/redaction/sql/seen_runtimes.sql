CREATE TABLE seen AS SELECT 'runtime' AS kind, original, 0::BIGINT AS place FROM runtimes WHERE NOT shown
