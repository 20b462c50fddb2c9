-- One row per turn of the window: what its columns hold, and what its metadata names for each. Filling uses
-- the rule in store/turns/metadata.py; this says the same by other means, for the proof afterwards and for plans
-- beforehand.
--
-- SQLite decides only where every JSON parser reads the same: texts without escapes, numbers in range, each key once.
-- Anything else gets the kind '?' and is decided by that rule. Two properties make plain string
-- search sound here: without a backslash a key can be spelled in one way only, and a key that occurs once cannot be a
-- duplicate (of duplicates SQLite takes the first, where the last is meant).
--
-- Each step reads the one before row by row: LIMIT -1 keeps SQLite from merging them, which would evaluate every
-- expression again wherever it is named.
--
-- :after, :through  the window, rowids
-- :everything       0 = only turns that lack a value and whose metadata could name one
INSERT INTO temp.turn_evidence (
/*each column*/
  {column}_before, {column}_value, {column}_kind,
/*end column*/
  turn_rowid
)
WITH
turn AS (
  SELECT
    rowid AS turn_rowid,
/*each column*/
    {stored} AS {column}_before,
/*end column*/
    turn_metadata_json AS metadata,
    CASE
      WHEN typeof(turn_metadata_json) <> 'text' THEN 'doubt'
      WHEN instr(turn_metadata_json, '\') THEN 'doubt'
      -- Not only ASCII, or a NUL, at which SQLite's parser stops.
      WHEN length(turn_metadata_json) <> octet_length(turn_metadata_json) THEN 'doubt'
      WHEN NOT json_valid(turn_metadata_json) THEN 'doubt'
      -- A number that overflows is no JSON for the programs that write these files.
      WHEN EXISTS (
        SELECT 1 FROM json_tree(turn_metadata_json) WHERE type = 'real' AND abs(atom) > 1.7976931348623157e308
      ) THEN 'doubt'
      WHEN json_type(turn_metadata_json) <> 'object' THEN 'doubt'
      ELSE 'plain'
    END AS reading
  FROM turns
  WHERE rowid > :after AND rowid <= :through
    AND (:everything OR ((0
/*each column*/
        OR {stored} = ''
/*end column*/
      )
      AND (typeof(turn_metadata_json) <> 'text' OR instr(turn_metadata_json, '\')
/*each hint*/
        OR instr(turn_metadata_json, '{hint}')
/*end hint*/
      )))
  LIMIT -1
),
named AS (
  SELECT
/*each column*/
    CASE
      WHEN reading <> 'plain' THEN NULL
/*each key*/
      WHEN instr(metadata, '"{key}"') THEN '"{key}"'
/*end key*/
    END AS {column}_name,
/*end column*/
    *
  FROM turn
  LIMIT -1
),
-- The member's JSON text (by its first character a text is the smallest, a map the greatest); NULL where the name
-- occurs twice, or elsewhere than at the top.
found AS (
  SELECT
/*each column*/
    {column}_before, {column}_name,
    CASE WHEN NOT instr(substr(metadata, instr(metadata, {column}_name) + 1), {column}_name)
      THEN metadata -> ('$.' || {column}_name) END AS {column}_json,
/*end column*/
    turn_rowid, reading
  FROM named
  LIMIT -1
),
text AS (
  SELECT
/*each map column*/
    {column}_before, {column}_name,
    {column}_json >= '{' AS {column}_is_map,
    CASE
      WHEN {column}_json < '{' THEN {column}_json
      WHEN {column}_name <> '"{canonical}"' THEN NULL
      WHEN NOT instr(substr({column}_json, instr({column}_json, '"{member}"') + 1), '"{member}"')
        THEN {column}_json -> '$."{member}"'
    END AS {column}_json,
/*end map column*/
/*each text column*/
    {column}_before, {column}_name, 0 AS {column}_is_map, {column}_json,
/*end text column*/
    turn_rowid, reading
  FROM found
  LIMIT -1
),
value AS (
  SELECT
/*each column*/
    {column}_before, {column}_name, {column}_is_map,
    CASE WHEN {column}_json < '#' THEN trim(substr({column}_json, 2, length({column}_json) - 2)) END AS {column}_value,
/*end column*/
    turn_rowid, reading
  FROM text
  LIMIT -1
)
-- A blank value hands on to the next key, and what is blank or valid outside of ASCII only the rule knows.
SELECT
/*each column*/
  {column}_before,
  coalesce({column}_value, ''),
  CASE
    WHEN reading = 'doubt' THEN '?'
    WHEN {column}_name IS NULL THEN ''
    WHEN {column}_value IS NULL OR {column}_value = '' OR {column}_value GLOB '*[^ -~]*' THEN '?'
    WHEN {column}_name <> '"{canonical}"' THEN 'alias'
    WHEN {column}_is_map THEN 'map'
    ELSE 'text'
  END,
/*end column*/
  turn_rowid
FROM value;
