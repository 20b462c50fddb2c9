-- Read every turn once. SQL reads the metadata on which all parsers agree; the bytes of the rest are kept for a moment, for the
-- second parser, together with those of a sample and of rows whose stored value is not what SQL reads.
INSERT INTO turns
WITH read AS (
    SELECT
        row_id,
        shown(conv_id) AS conv_id, shown(session_id) AS session_id, shown(turn_id) AS turn_id,
        whole_number(turn_created_at_ms) AS created_ms, whole_number(updated_at_ms) AS updated_ms,
        shown(runtime_key) AS runtime_key, shown(inference_id) AS inference_id,
        turn_metadata_json AS metadata,
        CASE WHEN json_kind(turn_metadata_json) = 'OBJECT' THEN turn_metadata_json END AS object,
        is_json_object(turn_data_json) AS data_valid
    FROM $source
), members AS (
    SELECT *, evidence_values(object) AS v, repeated(json_keys(object)) OR doubtful_json(object) AS doubtful FROM read
), maps AS (
    SELECT *, runtime_members(v[1]) AS m1, runtime_members(v[2]) AS m2, runtime_members(v[3]) AS m3,
        json_word(v[1]) AS canonical_word, json_word(v[4]) AS inference_word
    FROM members
), named AS (
    SELECT *,
        coalesce(canonical_word, json_word(m1[1])) AS direct_word,
        coalesce(json_word(v[2]), json_word(m2[1]), first_profile_word(m2),
                 json_word(v[3]), json_word(m3[1]), first_profile_word(m3)) AS alias_word,
        any_map(m1) OR any_map(m2) OR any_map(m3) AS nested,
        coalesce(doubtful OR repeated_in_map(v[1]) OR repeated_in_map(v[2]) OR repeated_in_map(v[3]), true) AS odd
    FROM maps
), valued AS (
    SELECT *,
        coalesce(direct_word, first_profile_word(m1), alias_word, '') AS runtime_evidence,
        coalesce(inference_word, json_word(v[5]), '') AS inference_evidence
    FROM named
)
SELECT
    hash(conv_id, session_id, turn_id), row_id, conv_id, session_id, turn_id, created_ms, updated_ms, runtime_key, inference_id,
    CASE WHEN object IS NOT NULL THEN 'object' WHEN metadata IS NULL THEN 'unknown' ELSE 'malformed' END,
    runtime_evidence,
    CASE WHEN canonical_word IS NOT NULL THEN 'text' WHEN direct_word IS NOT NULL THEN 'map'
         WHEN first_profile_word(m1) IS NOT NULL THEN 'profile' WHEN alias_word IS NOT NULL THEN 'alias' ELSE '' END,
    inference_evidence,
    CASE WHEN inference_word IS NOT NULL THEN 'text' WHEN inference_evidence <> '' THEN 'alias' ELSE '' END,
    runtime_evidence, inference_evidence, false, nested, '', data_valid,
    CASE WHEN metadata IS NOT NULL AND (odd OR nested OR row_id % $stride = 0
              OR (runtime_evidence <> '' AND runtime_key <> '' AND runtime_key <> runtime_evidence)
              OR (inference_evidence <> '' AND inference_id <> '' AND inference_id <> inference_evidence))
        THEN encode(metadata) END
FROM valued;

-- Batches of about eight megabytes, so that reading them takes bounded memory.
CREATE TEMP TABLE doubtful AS
SELECT rowid AS reading, CAST(floor(sum(octet_length(metadata) + 100) OVER (ORDER BY rowid) / 8000000) AS BIGINT) AS batch
FROM turns WHERE metadata IS NOT NULL;

CREATE TEMP TABLE second_readings_raw (
    reading BIGINT, status VARCHAR, runtime VARCHAR, runtime_kind VARCHAR, inference VARCHAR, inference_kind VARCHAR, oddities VARCHAR
);
