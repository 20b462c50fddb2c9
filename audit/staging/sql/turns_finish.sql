-- Where both parsers read a row, the second one is right: it knows all of JSON's corners.
UPDATE turns
SET metadata_status = s.status, runtime_evidence = s.runtime, runtime_kind = s.runtime_kind, inference_evidence = s.inference,
    inference_kind = s.inference_kind, oddities = s.oddities, second_look = true, metadata = NULL
FROM second_readings_raw s WHERE turns.rowid = s.reading;
DROP TABLE doubtful;
DROP TABLE second_readings_raw;
