-- The rule that reads a runtime and an inference out of metadata, in DuckDB SQL, for texts on which all parsers agree.

-- What Go's strings.TrimSpace removes: Unicode White_Space.
CREATE MACRO go_trim(t) AS trim(t, chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || ' ' || chr(133) || chr(160)
    || chr(5760) || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198) || chr(8199)
    || chr(8200) || chr(8201) || chr(8202) || chr(8232) || chr(8233) || chr(8239) || chr(8287) || chr(12288));

-- SQLite hands over bytes that are no UTF-8 unchecked; DuckDB can work on them but not store them.
CREATE MACRO is_utf8(t) AS try(decode(encode(t))) IS NOT NULL;

-- A text to show and to join on: bytes that are no UTF-8 appear as \xFF.
CREATE MACRO shown(t) AS CASE WHEN t IS NULL OR is_utf8(t) THEN t ELSE CAST(encode(t) AS VARCHAR) END;

-- A whole number, or NULL for anything else that SQLite lets into an INTEGER column (try_cast alone would round 1.5).
CREATE MACRO whole_number(t) AS CASE WHEN regexp_full_match(t, '-?[0-9]{1,19}') THEN try_cast(t AS BIGINT) END;

-- A usable text: a JSON text that is not blank, trimmed; else NULL.
CREATE MACRO json_word(j) AS CASE WHEN json_type(j) = 'VARCHAR' THEN nullif(go_trim(json_extract_string(j, '$')), '') END;

-- The members of a runtime map that can name it, in order of precedence.
CREATE MACRO runtime_members(j) AS CASE WHEN json_type(j) = 'OBJECT' THEN json_extract(j, [
    '$."runtime_key"', '$."key"', '$."slug"', '$."profile"', '$."profile_key"', '$."profile.slug"', '$."profile_slug"']) END;

CREATE MACRO first_profile_word(members) AS coalesce(json_word(members[2]), json_word(members[3]), json_word(members[4]),
    json_word(members[5]), json_word(members[6]), json_word(members[7]));

CREATE MACRO any_map(members) AS coalesce(json_type(members[1]) = 'OBJECT', false) OR coalesce(json_type(members[2]) = 'OBJECT', false)
    OR coalesce(json_type(members[3]) = 'OBJECT', false) OR coalesce(json_type(members[4]) = 'OBJECT', false)
    OR coalesce(json_type(members[5]) = 'OBJECT', false) OR coalesce(json_type(members[6]) = 'OBJECT', false)
    OR coalesce(json_type(members[7]) = 'OBJECT', false);

CREATE MACRO repeated(keys) AS len(keys) <> len(list_distinct(keys));

-- JSON on which parsers may disagree although DuckDB accepts it: escapes, NaN and Infinity, a comma before a closing
-- bracket, numbers that may not fit a double, nesting beyond 10,000 levels.
CREATE MACRO doubtful_json(t) AS contains(t, '\u')
    OR regexp_matches(t, '[:,\[]\s*[-+]?[nNiI][aAnN][nNfF]|,\s*[}\]]|[eE]\+?[0-9]{3}|[0-9]{300}')
    OR (strlen(t) > 20000 AND strlen(t) - strlen(translate(t, '{[', '')) > 10000);

CREATE MACRO repeated_in_map(j) AS coalesce(CASE WHEN json_type(j) = 'OBJECT' THEN repeated(json_keys(j)) END, false);

-- The values under the two runtime and inference keys and their aliases, in order of precedence; runtimes first.
CREATE MACRO evidence_values(object) AS json_extract(object, ['$."geppetto.runtime@v1"', '$."runtime"', '$."runtime_key"',
    '$."geppetto.inference_id@v1"', '$."inference_id"']);

CREATE MACRO is_json(t) AS is_utf8(t) AND json_valid(t);

-- sha256-canonical-json-v1: the stored texts are the canonical bytes, so no number has to be formatted anew.
CREATE MACRO block_hash(kind, role, payload, metadata) AS sha256(
    '{"kind":' || CAST(to_json(kind) AS VARCHAR) || ',"role":' || CAST(to_json(role) AS VARCHAR)
    || ',"payload":' || payload || ',"metadata":' || metadata || '}');

CREATE MACRO switch_props(entity) AS json_extract(entity, ['$.props.from', '$.props.to', '$.props.runtime_key']);

-- Equal but for case, composition of accents, and characters that nobody sees.
CREATE MACRO folded(t) AS lower(nfc_normalize(regexp_replace(go_trim(t), '[\x{00AD}\x{200B}-\x{200F}\x{2028}-\x{202E}\x{2060}\x{FEFF}\x{0000}-\x{001F}\x{007F}]', '', 'g')));
CREATE MACRO same_word(a, b) AS folded(a) = folded(b);
