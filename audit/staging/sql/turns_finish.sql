-- Where both parsers read a row, the second one is right: it knows all of JSON's corners.
UPDATE turns
SET metadata_status = s.status,
    /*each column*/
    {word}_evidence = s.{word}, {word}_kind = s.{word}_kind,
    /*end column*/
    oddities = s.oddities, second_look = true, metadata = NULL
FROM second_readings_raw s WHERE turns.rowid = s.reading;
DROP TABLE doubtful;
DROP TABLE second_readings_raw;
