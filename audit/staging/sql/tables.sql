-- The native tables that every view and check reads. They are filled while the SQLite files are attached and stay empty
-- for an input that was not given. Only what checks look at is kept: no payloads, no metadata texts.

-- One row a turn. Missing columns are '' (texts) or NULL (times), so that the schema checks can say what is missing.
CREATE TABLE turns (
    turn_ref UBIGINT,            -- hash of the three ids: what snapshots refer to
    row_id BIGINT,               -- SQLite's rowid; NULL in a table WITHOUT ROWID or a view
    conv_id VARCHAR,
    session_id VARCHAR,
    turn_id VARCHAR,
    created_ms BIGINT,           -- NULL where the cell holds no whole number
    updated_ms BIGINT,
    /*each column*/
    {column} VARCHAR,
    /*end column*/
    metadata_status VARCHAR,     -- object | unknown | malformed
    /*each column*/
    {word}_evidence VARCHAR,     -- what the metadata says, '' where it says nothing
    {word}_kind VARCHAR,         -- text | map | profile | alias | ''
    /*end column*/
    /*each column*/
    sql_{word} VARCHAR,          -- what SQL alone read; differs from the above only where parsers disagree
    /*end column*/
    second_look BOOLEAN,         -- the second parser read this row as well
    nested BOOLEAN,              -- a value is a map within a map, which SQL leaves to the second parser
    oddities VARCHAR,            -- duplicate_keys, invalid_utf8, lone_surrogate: comma separated
    data_valid BOOLEAN,          -- turn_data_json is a JSON object
    metadata BLOB                -- the text, only where and while the second parser has to read it
);

-- One row a stored state of a turn: a phase at a time, with what its block list looks like.
CREATE TABLE snapshots (
    turn_ref UBIGINT,
    phase VARCHAR,
    snapshot_ms BIGINT,
    blocks BIGINT,
    first_ordinal BIGINT,
    last_ordinal BIGINT,
    ordinal_sum BIGINT,          -- with first and last it tells whether the numbers are 0, 1, 2 ...
    odd_class BOOLEAN            -- a cell of the key is not of the class its column declares
);

CREATE TABLE blocks (
    block_id VARCHAR,
    content_hash VARCHAR,
    hash_algorithm VARCHAR,
    kind VARCHAR,
    role VARCHAR,
    first_seen_ms BIGINT,
    recomputed_hash VARCHAR,     -- NULL where hashes were not asked for
    payload_valid BOOLEAN,
    metadata_valid BOOLEAN
);

CREATE TABLE conversations (
    row_id BIGINT,
    conv_id VARCHAR,
    session_id VARCHAR,
    runtime_key VARCHAR,         -- the pointer: the runtime the conversation has now
    created_ms BIGINT,
    last_activity_ms BIGINT,
    last_seen_version BIGINT,
    has_timeline BIGINT,
    status VARCHAR,
    last_error VARCHAR
);

CREATE TABLE timeline_versions (conv_id VARCHAR, version BIGINT);

-- Entities of kind profile_switch: the moments at which somebody changed the profile.
CREATE TABLE profile_switches (
    conv_id VARCHAR,
    entity_id VARCHAR,
    created_ms BIGINT,
    version BIGINT,
    from_runtime VARCHAR,
    to_runtime VARCHAR
);

-- One row a conversation with timeline entities; the times are those at which the first and the last of them were
-- created.
CREATE TABLE entity_spans (conv_id VARCHAR, entities BIGINT, last_version BIGINT, first_ms BIGINT, last_ms BIGINT);

CREATE TABLE baseline_turns (
    conv_id VARCHAR, session_id VARCHAR, turn_id VARCHAR, created_ms BIGINT, updated_ms BIGINT
    /*each column*/
    , {column} VARCHAR           -- '' where the baseline has no such column
    /*end column*/
);

-- Cells whose storage class is not the declared one; key is a JSON object for tables other than turns.
CREATE TABLE storage_faults (
    role VARCHAR, table_name VARCHAR, conv_id VARCHAR, session_id VARCHAR, turn_id VARCHAR, row_key VARCHAR,
    column_name VARCHAR, expected VARCHAR, found VARCHAR
);

-- What SQLite says about each file; role is turns, timeline or baseline.
CREATE TABLE schema_objects (role VARCHAR, type VARCHAR, name VARCHAR, table_name VARCHAR, sql VARCHAR);
-- Those of them that many programs put beside their tables (search, R*Trees, vectors), with their kind in words.
CREATE TABLE known_kinds (role VARCHAR, type VARCHAR, name VARCHAR, kind VARCHAR);
CREATE TABLE table_facts (role VARCHAR, table_name VARCHAR, type VARCHAR, without_rowid BOOLEAN, strict BOOLEAN);
CREATE TABLE table_columns (
    role VARCHAR, table_name VARCHAR, position BIGINT, column_name VARCHAR, type VARCHAR, not_null BOOLEAN,
    default_value VARCHAR, key_position BIGINT, hidden BIGINT
);
CREATE TABLE table_indexes (
    role VARCHAR, table_name VARCHAR, index_name VARCHAR, is_unique BOOLEAN, origin VARCHAR, is_partial BOOLEAN
);
CREATE TABLE index_columns (
    role VARCHAR, index_name VARCHAR, position BIGINT, column_name VARCHAR, is_descending BOOLEAN,
    collation_name VARCHAR, is_key BOOLEAN
);
CREATE TABLE foreign_keys (
    role VARCHAR, table_name VARCHAR, key_number BIGINT, position BIGINT, parent VARCHAR, column_name VARCHAR,
    parent_column VARCHAR, on_update VARCHAR, on_delete VARCHAR
);
CREATE TABLE pragmas (role VARCHAR, name VARCHAR, value VARCHAR);
CREATE TABLE integrity_problems (role VARCHAR, problem VARCHAR);
-- Rows whose parent is missing; the ids are those of turn_block_membership, the only table that declares foreign keys.
CREATE TABLE foreign_key_problems (
    role VARCHAR, table_name VARCHAR, row_id BIGINT, parent VARCHAR, conv_id VARCHAR, session_id VARCHAR,
    turn_id VARCHAR, phase VARCHAR, snapshot_ms BIGINT, ordinal BIGINT, block_id VARCHAR, content_hash VARCHAR
);

-- A table of a file that could not be read to its end.
CREATE TABLE unreadable_tables (role VARCHAR, table_name VARCHAR, problem VARCHAR);

-- The migration's own record in the turn file.
CREATE TABLE ledger (
    migration_id VARCHAR, step VARCHAR, state VARCHAR, shape VARCHAR, evidence VARCHAR, started_ms BIGINT,
    finished_ms BIGINT,
    counts_json VARCHAR, columns_added VARCHAR, high_rowid BIGINT, turntruth_version VARCHAR, sqlite_version VARCHAR
);

-- The same of the baseline: what had been done before it was taken.
CREATE TABLE baseline_ledger (
    migration_id VARCHAR, step VARCHAR, state VARCHAR, shape VARCHAR, evidence VARCHAR, started_ms BIGINT,
    finished_ms BIGINT,
    counts_json VARCHAR, columns_added VARCHAR, high_rowid BIGINT, turntruth_version VARCHAR, sqlite_version VARCHAR
);
-- The payload texts of the baseline, one row a text: whose they are.
CREATE TABLE baseline_texts (row_id BIGINT, turn_ref UBIGINT, phase VARCHAR, snapshot_ms BIGINT);
-- Those that the migration has put in quarantine, by the row number they had.
CREATE TABLE quarantined_texts (row_id BIGINT);

-- Cells that differ from the baseline by a rule which the comparison with it lets pass, for the ledger states how many
-- there are; possible counts those with them of which it cannot be told. Filled where the two files are compared.
CREATE TABLE declared_changes (
    table_name VARCHAR, column_name VARCHAR, rule VARCHAR, cells BIGINT, possible BIGINT
);

-- What a private in-memory table of the same definition holds after a row was inserted without the columns that
-- metadata fills.
CREATE TABLE default_probe (column_name VARCHAR, storage_class VARCHAR, value VARCHAR, problem VARCHAR);

-- What the caller of the audit gave beside files.
CREATE TABLE given_cutover (cutover_ms BIGINT);
CREATE TABLE registry_runtimes (runtime_key VARCHAR);
-- What an earlier audit saw.
CREATE TABLE earlier_turns (
    conv_id VARCHAR, session_id VARCHAR, turn_id VARCHAR, runtime_key VARCHAR, inference_id VARCHAR, created_ms BIGINT
);

-- What a debug API answers: a line a snapshot, under the conversation that was asked for. NULL where a field is
-- missing.
CREATE TABLE api_snapshots (
    asked_conv_id VARCHAR, conv_id VARCHAR, session_id VARCHAR, turn_id VARCHAR, phase VARCHAR, snapshot_ms BIGINT,
    runtime_key VARCHAR, inference_id VARCHAR,
    damaged BOOLEAN              -- the API says that it could not read one of these cells
);
CREATE TABLE api_conversations (
    conv_id VARCHAR, session_id VARCHAR, current_runtime_key VARCHAR,
    source VARCHAR,              -- live (not stored yet) | persisted | merged
    last_activity_ms BIGINT,
    running BOOLEAN              -- an inference runs now, so that the pointer may be ahead of the file
);
-- One row if an API was asked: whether somebody wrote to the files after they were read.
CREATE TABLE api_facts (moved BOOLEAN);
