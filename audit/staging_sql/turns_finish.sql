-- Where both parsers read a row, the second one is right: it knows all of JSON's corners.
INSERT INTO turns
SELECT
    hash(conv_id, session_id, turn_id), row_id, conv_id, session_id, turn_id, created_ms, updated_ms, runtime_key, inference_id,
    coalesce(s.status, r.metadata_status), coalesce(s.runtime, r.runtime_evidence), coalesce(s.runtime_kind, r.runtime_kind),
    coalesce(s.inference, r.inference_evidence), coalesce(s.inference_kind, r.inference_kind),
    r.runtime_evidence, r.inference_evidence, s.reading IS NOT NULL, r.nested, coalesce(s.oddities, ''), r.data_valid
FROM turns_read r LEFT JOIN second_readings s USING (reading);
DROP TABLE turns_read;
DROP TABLE doubtful;
DROP TABLE second_readings;
