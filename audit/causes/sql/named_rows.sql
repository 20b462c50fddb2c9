-- The findings that nobody has accepted, as narrow as they can be told apart: there may be millions of them.
--   turn_ref   hash of conversation, session and turn; NULL where none is named, or the check is one of conversations
--   key_ref    hash of the key of what lies in no conversation: a block, a table, a step, the file itself
--   members    the names in that key: things with other names in their keys cannot be compared
--   block_ref  hash of what tells a block: of the block that is named, or that the named place in a block list held
--   about      the columns that it can have to do with, a bit each: what is wrong in one that is filled from metadata
--              explains nothing of another one
CREATE TEMP TABLE open_findings AS
SELECT "check",
    CASE WHEN turn_id <> '' THEN hash(conv_id, session_id, turn_id) END AS turn_ref,
    CASE WHEN conv_id <> '' THEN hash(conv_id) END AS conv_ref,
    CASE WHEN conv_id = '' THEN hash(key) END AS key_ref,
    CASE WHEN conv_id = '' AND key LIKE '{%' AND json_valid(key)
        THEN hash(CAST(json_keys(key) AS VARCHAR)) ELSE 0 END AS members,
    conv_id = '' AND contains(key, '"block_id"') AS of_block,
    CASE WHEN conv_id <> '' THEN CASE WHEN "column" = 'content_hash' THEN hash(trim(expected, '''')) END
        WHEN contains(key, '"block_id"') AND json_valid(key) THEN hash(json_extract_string(key, '$.content_hash'))
        END AS block_ref,
    hash(conv_id, session_id, turn_id, key) AS place,
    about
FROM (
    SELECT f.* REPLACE (CASE WHEN c."check" IS NULL THEN f.turn_id ELSE '' END AS turn_id),
        coalesce(a.bit, -1) AS about
    FROM findings f LEFT JOIN checks_of_conversations c ON c."check" = f."check"
    LEFT JOIN attributed_columns a ON a.name = f."column"
)
WHERE accepted = '';

CREATE TEMP TABLE named_turns AS
SELECT "check", turn_ref, bit_or(about) AS about FROM open_findings WHERE turn_ref IS NOT NULL GROUP BY ALL;

-- whole: the columns of those that name it without a turn, and so as a whole.
CREATE TEMP TABLE named_conversations AS
SELECT "check", conv_ref, bit_or(about) AS about,
    coalesce(bit_or(about) FILTER (WHERE turn_ref IS NULL), 0) AS whole
FROM open_findings WHERE conv_ref IS NOT NULL GROUP BY "check", conv_ref;

CREATE TEMP TABLE named_keys AS
SELECT DISTINCT "check", key_ref FROM open_findings WHERE key_ref IS NOT NULL;

CREATE TEMP TABLE named_blocks AS
SELECT DISTINCT "check", block_ref FROM open_findings WHERE of_block AND block_ref IS NOT NULL;
