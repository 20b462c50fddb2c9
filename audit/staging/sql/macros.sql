-- The rule that reads out of metadata what it says of a turn, in DuckDB SQL, for texts on which all parsers agree. What
-- stands once for each column that metadata fills follows audit/sqlite/attributed_column.py.

-- What Go's strings.TrimSpace removes: Unicode White_Space. A text that begins and ends with visible ASCII is let
-- through without a look at the pattern.
CREATE MACRO go_trim(t) AS CASE WHEN t[1] BETWEEN '!' AND '~' AND t[-1] BETWEEN '!' AND '~' THEN t
    ELSE regexp_replace(t,
        '^[\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+'
        || '|[\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+\z', '', 'g') END;

-- SQLite hands over bytes that are no UTF-8 unchecked; DuckDB can work on them but not store them.
CREATE MACRO is_utf8(t) AS try(decode(encode(t))) IS NOT NULL;

-- A text to show and to join on: bytes that are no UTF-8 appear as \xFF.
CREATE MACRO shown(t) AS CASE WHEN t IS NULL OR is_utf8(t) THEN t ELSE CAST(encode(t) AS VARCHAR) END;

-- A whole number, or NULL for anything else that SQLite lets into an INTEGER column (try_cast alone would round 1.5).
CREATE MACRO whole_number(t) AS CASE WHEN regexp_full_match(t, '-?[0-9]{1,19}') THEN try_cast(t AS BIGINT) END;

-- A macro writes its argument down again at each place where it stands, so that those which call each other would grow
-- to expressions that take longer to plan than a small file to read. What follows names its argument once or hands over
-- a column or the variable of a lambda.

-- The text that a value is, as a parser reads it; NULL for all else. JSON that DuckDB took out of other JSON begins
-- with what tells its type.
CREATE MACRO json_text(j) AS CASE WHEN starts_with(j, '"') THEN json_extract_string(j, '$') END;

-- A usable text is one that is not blank, trimmed; else NULL.
CREATE MACRO word(t) AS nullif(go_trim(t), '');
CREATE MACRO words(members) AS
    list_transform(list_transform(members, lambda j: json_text(j)), lambda t: word(t));

-- The members of a map that can say the value, in order of precedence. Most turns say none in a map: the CASE spares
-- them the looking.
/*each map column*/
CREATE MACRO {word}_members(j) AS CASE WHEN starts_with(j, '{') THEN json_extract(j, [
    /*each member by ", "*/'$."{member}"'/*end member*/]) END;
/*end map column*/

CREATE MACRO any_map(members) AS coalesce(len(list_filter(members, lambda m: starts_with(m, '{'))) > 0, false);

-- Whether a name stands there twice. Lists of names are short; to look for each of few is faster than to sort them.
CREATE MACRO repeated(keys) AS CASE WHEN len(keys) < 25
    THEN len(list_filter(keys, lambda k, place: list_position(keys, k) <> place)) > 0
    ELSE len(keys) <> list_unique(keys) END;

-- NaN, Infinity or a comma before a closing bracket, perhaps within a quoted text. Here and below a pattern stands once
-- for each character that it may begin with: that one is looked for at a bound, which is twice as fast in all.
CREATE MACRO lenient_json(t) AS regexp_matches(t, ':\s*[-+]?[nNiI][aAnN][nNfF]')
    OR regexp_matches(t, ',\s*([-+]?[nNiI][aAnN][nNfF]|[}\]])')
    OR regexp_matches(t, '\[\s*[-+]?[nNiI][aAnN][nNfF]');

-- Whether a text is a JSON object to DuckDB, which would take NaN and a comma too many. The CASEs guard: DuckDB may
-- evaluate the sides of an AND in any order, and looking into what is no JSON is an error.
CREATE MACRO opens_object(t) AS CASE WHEN starts_with(t, '{') OR regexp_matches(t, '^[ \t\n\r]*\{')
    THEN CASE WHEN is_utf8(t) THEN json_valid(t) END END;

-- A JSON object that every parser accepts. What a pattern suspects may stand inside a text, too: then the text without
-- its quoted parts decides.
CREATE MACRO is_json_object(t) AS coalesce(CASE WHEN t = '{}' THEN true WHEN opens_object(t) THEN CASE
    WHEN lenient_json(t) THEN NOT regexp_matches(regexp_replace(t, '"(\\.|[^"\\])*"', '""', 'g'),
        '[:,\[]\s*[-+]?[nNiI][aAnN][nNfF]|,\s*[}\]]') ELSE true END END, false);

-- JSON on which parsers may disagree although DuckDB accepts it: escapes, NaN and Infinity, a comma before a closing
-- bracket, numbers that may not fit a double, nesting beyond 10,000 levels.
CREATE MACRO doubtful_json(t) AS contains(t, '\u')
    OR regexp_matches(t, ':\s*[-+]?([nN][aA]|[iI]|[0-9]{20}|[0-9.]+[eE]\+?[0-9]{3})')
    OR regexp_matches(t, ',\s*([-+]?([nN][aA]|[iI]|[0-9]{20}|[0-9.]+[eE]\+?[0-9]{3})|[}\]])')
    OR regexp_matches(t, '\[\s*[-+]?([nN][aA]|[iI]|[0-9]{20}|[0-9.]+[eE]\+?[0-9]{3})')
    OR CASE WHEN strlen(t) > 20000 THEN strlen(t) - strlen(translate(t, '{[', '')) > 10000 ELSE false END;

-- The names in a map; NULL for all else.
CREATE MACRO names(j) AS CASE WHEN starts_with(j, '{') THEN json_keys(j) END;

-- The values under the keys of all columns, column by column in order of precedence.
CREATE MACRO evidence_values(object) AS json_extract(object, [/*each key by ", "*/'$."{key}"'/*end key*/]);

-- sha256-canonical-json-v1: the stored texts are the canonical bytes, so no number has to be formatted anew.
CREATE MACRO block_hash(kind, role, payload, metadata) AS CASE
    WHEN kind IS NOT NULL AND role IS NOT NULL AND payload IS NOT NULL AND metadata IS NOT NULL
    THEN sha256(concat('{"kind":', CAST(to_json(kind) AS VARCHAR), ',"role":', CAST(to_json(role) AS VARCHAR),
        ',"payload":', payload, ',"metadata":', metadata, '}')) END;

CREATE MACRO switch_props(entity) AS json_extract(entity, ['$.props.from', '$.props.to', '$.props.runtime_key']);

-- Without the characters that nobody sees: controls, zero-width, bidirectional marks, soft hyphen, byte order mark.
CREATE MACRO visible(t) AS regexp_replace(t,
    '[\x{0000}-\x{001F}\x{007F}\x{00AD}\x{180E}\x{200B}-\x{200F}\x{2028}-\x{202E}\x{2060}-\x{2064}\x{FEFF}]', '', 'g');

-- Equal but for case, composition of accents, white space and invisible characters.
CREATE MACRO folded(t) AS lower(nfc_normalize(visible(go_trim(t))));
CREATE MACRO same_word(a, b) AS folded(a) = folded(b);
