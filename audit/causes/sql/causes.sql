-- Which finding follows from which: one row a finding that is not accepted.
--   root   the check from which the finding follows on the same rows; the check itself if there is none
-- Reads consequence_edges: check, cause and the cause's place in the order in which people look at causes; and
-- checks_of_conversations: those whose findings are about a conversation, though they may name one of its turns.
CREATE TEMP TABLE open_findings AS
SELECT row_number() OVER () AS number, "check", conv_id, session_id,
    CASE WHEN "check" IN (SELECT "check" FROM checks_of_conversations) THEN '' ELSE turn_id END AS turn_id, key,
    CASE WHEN key LIKE '{%' AND json_valid(key) THEN CAST(json_keys(key) AS VARCHAR) ELSE '' END AS members,
    contains(key, '"block_id"') AS of_block
FROM findings
WHERE accepted = '';

CREATE TEMP TABLE named_turns AS
SELECT DISTINCT "check", conv_id, session_id, turn_id FROM open_findings WHERE turn_id <> '';

-- A finding without a turn means its conversation as a whole.
CREATE TEMP TABLE named_conversations AS
SELECT "check", conv_id, bool_or(turn_id = '') AS whole FROM open_findings WHERE conv_id <> '' GROUP BY ALL;

-- What is said of no conversation: of blocks, by their keys, or of tables, columns, steps and the file itself.
CREATE TEMP TABLE named_keys AS
SELECT DISTINCT "check", key FROM open_findings WHERE conv_id = '';

CREATE TEMP TABLE named_things AS
SELECT DISTINCT "check", members, of_block FROM open_findings WHERE conv_id = '';

CREATE TEMP TABLE roots AS
WITH possible AS (
    SELECT f.*, e.cause, e.place FROM open_findings f JOIN consequence_edges e ON e."check" = f."check"
), follows AS (
    SELECT p.number, p.cause, p.place
    FROM possible p
    JOIN named_turns t
        ON t."check" = p.cause AND t.conv_id = p.conv_id AND t.session_id = p.session_id AND t.turn_id = p.turn_id
    UNION ALL
    SELECT p.number, p.cause, p.place
    FROM possible p
    JOIN named_conversations c ON c."check" = p.cause AND c.conv_id = p.conv_id
    WHERE c.whole OR p.turn_id = ''
    UNION ALL
    SELECT p.number, p.cause, p.place
    FROM possible p
    JOIN named_keys k ON k."check" = p.cause AND k.key = p.key
    WHERE p.conv_id = ''
    UNION ALL
    -- Keys of other things cannot be compared: then it is enough that the one is declared to follow from the other.
    SELECT p.number, p.cause, p.place
    FROM possible p
    JOIN named_things k ON k."check" = p.cause
    WHERE CASE WHEN p.conv_id = '' THEN k.members <> p.members ELSE NOT k.of_block END
    UNION ALL
    SELECT p.number, p.cause, p.place
    FROM possible p
    JOIN (SELECT DISTINCT "check" FROM named_conversations) c ON c."check" = p.cause
    WHERE p.conv_id = '' AND NOT p.of_block
)
SELECT f.*, coalesce(r.root, f."check") AS root
FROM open_findings f
LEFT JOIN (SELECT number, arg_min(cause, place) AS root FROM follows GROUP BY number) r ON r.number = f.number;
