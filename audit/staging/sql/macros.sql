-- The rule that reads out of metadata what it says of a turn, in DuckDB SQL, for texts on which all parsers agree. What
-- stands once for each column that metadata fills follows audit/sqlite/attributed_column.py.

-- What Go's strings.TrimSpace removes: Unicode White_Space. A text that begins and ends with visible ASCII is let
-- through, which is ten times as fast.
CREATE MACRO go_trim(t) AS CASE WHEN t[1] BETWEEN '!' AND '~' AND t[-1] BETWEEN '!' AND '~' THEN t ELSE trim(t,
    chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || ' ' || chr(133) || chr(160)
    || chr(5760) || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198) || chr(8199)
    || chr(8200) || chr(8201) || chr(8202) || chr(8232) || chr(8233) || chr(8239) || chr(8287) || chr(12288)) END;

-- SQLite hands over bytes that are no UTF-8 unchecked; DuckDB can work on them but not store them.
CREATE MACRO is_utf8(t) AS try(decode(encode(t))) IS NOT NULL;

-- A text to show and to join on: bytes that are no UTF-8 appear as \xFF.
CREATE MACRO shown(t) AS CASE WHEN t IS NULL OR is_utf8(t) THEN t ELSE CAST(encode(t) AS VARCHAR) END;

-- A whole number, or NULL for anything else that SQLite lets into an INTEGER column (try_cast alone would round 1.5).
CREATE MACRO whole_number(t) AS CASE WHEN regexp_full_match(t, '-?[0-9]{1,19}') THEN try_cast(t AS BIGINT) END;

-- A usable text: a JSON text that is not blank, trimmed; else NULL.
CREATE MACRO json_word(j) AS
    CASE WHEN json_type(j) = 'VARCHAR' THEN nullif(go_trim(json_extract_string(j, '$')), '') END;

-- The members of a map that can say the value, in order of precedence. Most turns say none in a map: the CASEs spare
-- them the looking.
/*each map column*/
CREATE MACRO {word}_members(j) AS CASE WHEN json_type(j) = 'OBJECT' THEN json_extract(j, [
    /*each member by ", "*/'$."{member}"'/*end member*/]) END;

CREATE MACRO first_{word}_profile(members) AS CASE WHEN members IS NOT NULL THEN coalesce(CAST(NULL AS VARCHAR)
    /*each profile*/, json_word(members[{rank}])/*end profile*/) END;
/*end map column*/

CREATE MACRO any_map(members) AS CASE WHEN members IS NOT NULL
    THEN len(list_filter(members, lambda m: json_type(m) = 'OBJECT')) > 0 ELSE false END;

CREATE MACRO repeated(keys) AS len(keys) <> list_unique(keys);

-- NaN, Infinity or a comma before a closing bracket, perhaps within a quoted text.
CREATE MACRO lenient_json(t) AS regexp_matches(t, '[:,\[]\s*[-+]?[nNiI][aAnN][nNfF]|,\s*[}\]]');

-- OBJECT, ARRAY, VARCHAR ...; NULL for what is no JSON. The CASEs guard: DuckDB may evaluate the sides of an AND in any
-- order, and looking into what is no JSON is an error.
CREATE MACRO json_kind(t) AS CASE WHEN is_utf8(t) THEN CASE WHEN json_valid(t) THEN json_type(t) END END;

-- A JSON object that every parser accepts; DuckDB alone would take NaN and a comma too many, which a cheap pattern may
-- suspect inside a text, too: then the text without its quoted parts decides.
CREATE MACRO is_json_object(t) AS coalesce(CASE WHEN json_kind(t) = 'OBJECT' THEN CASE WHEN lenient_json(t)
    THEN NOT lenient_json(regexp_replace(t, '"(\\.|[^"\\])*"', '""', 'g')) ELSE true END END, false);

-- JSON on which parsers may disagree although DuckDB accepts it: escapes, NaN and Infinity, a comma before a closing
-- bracket, numbers that may not fit a double, nesting beyond 10,000 levels.
CREATE MACRO doubtful_json(t) AS contains(t, '\u')
    OR regexp_matches(t, '[:,\[]\s*[-+]?([nN][aA]|[iI]|[0-9]{20}|[0-9.]+[eE]\+?[0-9]{3})|,\s*[}\]]')
    OR CASE WHEN strlen(t) > 20000 THEN strlen(t) - strlen(translate(t, '{[', '')) > 10000 ELSE false END;

CREATE MACRO repeated_in_map(j) AS coalesce(CASE WHEN json_type(j) = 'OBJECT' THEN repeated(json_keys(j)) END, false);

-- The values under the keys of all columns, column by column in order of precedence.
CREATE MACRO evidence_values(object) AS json_extract(object, [/*each key by ", "*/'$."{key}"'/*end key*/]);

-- sha256-canonical-json-v1: the stored texts are the canonical bytes, so no number has to be formatted anew.
CREATE MACRO block_hash(kind, role, payload, metadata) AS sha256(
    '{"kind":' || CAST(to_json(kind) AS VARCHAR) || ',"role":' || CAST(to_json(role) AS VARCHAR)
    || ',"payload":' || payload || ',"metadata":' || metadata || '}');

CREATE MACRO switch_props(entity) AS json_extract(entity, ['$.props.from', '$.props.to', '$.props.runtime_key']);

-- Without the characters that nobody sees: controls, zero-width, bidirectional marks, soft hyphen, byte order mark.
CREATE MACRO visible(t) AS regexp_replace(t,
    '[\x{0000}-\x{001F}\x{007F}\x{00AD}\x{180E}\x{200B}-\x{200F}\x{2028}-\x{202E}\x{2060}-\x{2064}\x{FEFF}]', '', 'g');

-- Equal but for case, composition of accents, white space and invisible characters.
CREATE MACRO folded(t) AS lower(nfc_normalize(visible(go_trim(t))));
CREATE MACRO same_word(a, b) AS folded(a) = folded(b);
