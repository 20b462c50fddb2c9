-- What checks across the files of a fleet read. A store is one file, or all the shards that the manifest calls by one
-- name.

-- One row a file of the manifest that could be read.
CREATE TABLE tenants (
    tenant VARCHAR, store VARCHAR, path VARCHAR,
    sha256 VARCHAR,              -- of the turns database, '' where it is not known
    turns BIGINT,               
    runtime_known BIGINT,
    inference_known BIGINT,
    schema_sha256 VARCHAR,       -- of the declarations of all columns
    ledger_version VARCHAR,      -- of the turntruth that migrated it, '' without a ledger
    first_ms BIGINT,             -- when the first and the last turn were created
    last_ms BIGINT
);

-- One row a turn.
CREATE TABLE turn_keys (
    tenant VARCHAR, store VARCHAR, conv_id VARCHAR, session_id VARCHAR, turn_id VARCHAR,
    /*each column*/
    {column} VARCHAR,
    /*end column*/
    created_ms BIGINT, first_snapshot_ms BIGINT
);

-- One row a conversation of a conversation file, with its pointer.
CREATE TABLE conversation_keys (
    tenant VARCHAR, store VARCHAR, conv_id VARCHAR, session_id VARCHAR, runtime_key VARCHAR
);

-- Where the outcomes lie.
CREATE TABLE places (tenant VARCHAR, store VARCHAR, folder VARCHAR);
