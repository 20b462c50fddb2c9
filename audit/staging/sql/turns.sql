-- Read every turn once. SQL reads the metadata on which all parsers agree; the bytes of the rest are kept for a moment,
-- for the second parser, together with those of a sample and of rows whose stored value is not what SQL reads.
-- Each step gives a name to what the next ones read more than once: t is the text under a key, w the word in it, m the
-- members of a map, l their words, k the names in a map.
INSERT INTO turns
WITH read AS (
    SELECT
        row_id,
        shown(conv_id) AS conv_id, shown(session_id) AS session_id, shown(turn_id) AS turn_id,
        whole_number(turn_created_at_ms) AS created_ms, whole_number(updated_at_ms) AS updated_ms,
        /*each column*/
        shown({column}) AS {column},
        /*end column*/
        turn_metadata_json AS metadata,
        CASE WHEN opens_object(turn_metadata_json) THEN turn_metadata_json END AS object,
        is_json_object(turn_data_json) AS data_valid
    FROM $source
), members AS (
    SELECT *, evidence_values(object) AS v, json_keys(object) AS k, doubtful_json(object) AS doubtful FROM read
), texts AS (
    SELECT *
        /*each column*//*each key*/
        , json_text(v[{place}]) AS t{place}
        /*each map*/
        , {word}_members(v[{place}]) AS m{place}, names(v[{place}]) AS k{place}
        /*end map*/
        /*end key*//*end column*/
    FROM members
), worded AS (
    SELECT *
        /*each column*//*each key*/
        , word(t{place}) AS w{place}/*each map*/, words(m{place}) AS l{place}/*end map*/
        /*end key*//*end column*/
    FROM texts
), named AS (
    SELECT *,
        /*each column*/
        /*each first key*/
        w{place} AS {word}_text, coalesce(w{place}/*each map*/, l{place}[1]/*end map*/) AS {word}_direct,
        coalesce(w{place}/*each map*/, list_any_value(l{place})/*end map*/) AS {word}_canonical,
        /*end first key*/
        coalesce(CAST(NULL AS VARCHAR)
            /*each alias*/, w{place}/*each map*/, list_any_value(l{place})/*end map*//*end alias*/) AS {word}_alias,
        /*end column*/
        false/*each column*//*each key*//*each map*/ OR any_map(m{place})/*end map*//*end key*//*end column*/ AS nested,
        coalesce(doubtful OR repeated(k)
            /*each column*//*each key*//*each map*/
            OR coalesce(repeated(k{place}), false)
            /*end map*//*end key*//*end column*/
            , true) AS odd
    FROM worded
), valued AS (
    SELECT *
        /*each column*/
        , coalesce({word}_canonical, {word}_alias, '') AS {word}_evidence
        /*end column*/
    FROM named
)
SELECT
    hash(conv_id, session_id, turn_id), row_id, conv_id, session_id, turn_id, created_ms, updated_ms,
    /*each column*/
    {column},
    /*end column*/
    CASE WHEN object IS NOT NULL THEN 'object' WHEN metadata IS NULL THEN 'unknown' ELSE 'malformed' END,
    /*each column*/
    {word}_evidence,
    CASE WHEN {word}_text IS NOT NULL THEN 'text'
         WHEN {word}_direct IS NOT NULL THEN 'map' WHEN {word}_canonical IS NOT NULL THEN 'profile'
         WHEN {word}_alias IS NOT NULL THEN 'alias' ELSE '' END,
    /*end column*/
    /*each column*/
    {word}_evidence,
    /*end column*/
    false, nested, '', data_valid,
    CASE WHEN metadata IS NOT NULL AND (odd OR nested OR row_id % $stride = 0
              /*each column*/
              OR ({word}_evidence <> '' AND {column} <> '' AND {column} <> {word}_evidence)
              /*end column*/
              )
        THEN encode(metadata) END
FROM valued;

-- Batches of about eight megabytes, so that reading them takes bounded memory.
CREATE TEMP TABLE doubtful AS
SELECT rowid AS reading,
    CAST(floor(sum(octet_length(metadata) + 100) OVER (ORDER BY rowid) / 8000000) AS BIGINT) AS batch
FROM turns WHERE metadata IS NOT NULL;

CREATE TEMP TABLE second_readings_raw (
    reading BIGINT, status VARCHAR, /*each column*/{word} VARCHAR, {word}_kind VARCHAR, /*end column*/oddities VARCHAR
);
