-- How the tables are meant to be: the target schema, written down a second time on purpose. Nothing here is read from
-- the program that migrates, so that a wrong definition there cannot agree with itself here. The columns that metadata
-- fills follow audit/sqlite/attributed_column.py.

CREATE SEQUENCE declared_positions;
CREATE TABLE declared_columns (
    position INTEGER DEFAULT nextval('declared_positions'), role VARCHAR, table_name VARCHAR, column_name VARCHAR,
    type VARCHAR, not_null BOOLEAN, default_value VARCHAR,
    altered_default VARCHAR,     -- also right: the default that a column got which was added to an older table
    key_position INTEGER
);
INSERT INTO declared_columns
    (role, table_name, column_name, type, not_null, default_value, altered_default, key_position) VALUES
    ('turns', 'turns', 'conv_id', 'TEXT', true, NULL, NULL, 1),
    ('turns', 'turns', 'session_id', 'TEXT', true, NULL, NULL, 2),
    ('turns', 'turns', 'turn_id', 'TEXT', true, NULL, NULL, 3),
    ('turns', 'turns', 'turn_created_at_ms', 'INTEGER', true, NULL, '0', 0),
    ('turns', 'turns', 'turn_metadata_json', 'TEXT', true, '''{}''', NULL, 0),
    ('turns', 'turns', 'turn_data_json', 'TEXT', true, '''{}''', NULL, 0),
    /*each column*/
    ('turns', 'turns', '{column}', 'TEXT', true, '''''', NULL, 0),
    /*end column*/
    ('turns', 'turns', 'updated_at_ms', 'INTEGER', true, NULL, '0', 0),
    ('turns', 'blocks', 'block_id', 'TEXT', true, NULL, NULL, 1),
    ('turns', 'blocks', 'content_hash', 'TEXT', true, NULL, NULL, 2),
    ('turns', 'blocks', 'hash_algorithm', 'TEXT', true, '''sha256-canonical-json-v1''', NULL, 0),
    ('turns', 'blocks', 'kind', 'TEXT', true, NULL, NULL, 0),
    ('turns', 'blocks', 'role', 'TEXT', true, '''''', NULL, 0),
    ('turns', 'blocks', 'payload_json', 'TEXT', true, '''{}''', NULL, 0),
    ('turns', 'blocks', 'block_metadata_json', 'TEXT', true, '''{}''', NULL, 0),
    ('turns', 'blocks', 'first_seen_at_ms', 'INTEGER', true, NULL, NULL, 0),
    ('turns', 'turn_block_membership', 'conv_id', 'TEXT', true, NULL, NULL, 1),
    ('turns', 'turn_block_membership', 'session_id', 'TEXT', true, NULL, NULL, 2),
    ('turns', 'turn_block_membership', 'turn_id', 'TEXT', true, NULL, NULL, 3),
    ('turns', 'turn_block_membership', 'phase', 'TEXT', true, NULL, NULL, 4),
    ('turns', 'turn_block_membership', 'snapshot_created_at_ms', 'INTEGER', true, NULL, NULL, 5),
    ('turns', 'turn_block_membership', 'ordinal', 'INTEGER', true, NULL, NULL, 6),
    ('turns', 'turn_block_membership', 'block_id', 'TEXT', true, NULL, NULL, 0),
    ('turns', 'turn_block_membership', 'content_hash', 'TEXT', true, NULL, NULL, 0),
    ('timeline', 'timeline_conversations', 'conv_id', 'TEXT', false, NULL, NULL, 1),
    ('timeline', 'timeline_conversations', 'session_id', 'TEXT', true, NULL, NULL, 0),
    ('timeline', 'timeline_conversations', 'runtime_key', 'TEXT', true, '''''', NULL, 0),
    ('timeline', 'timeline_conversations', 'created_at_ms', 'INTEGER', true, NULL, NULL, 0),
    ('timeline', 'timeline_conversations', 'last_activity_ms', 'INTEGER', true, NULL, NULL, 0),
    ('timeline', 'timeline_conversations', 'last_seen_version', 'INTEGER', true, '0', NULL, 0),
    ('timeline', 'timeline_conversations', 'has_timeline', 'INTEGER', true, '1', NULL, 0),
    ('timeline', 'timeline_conversations', 'status', 'TEXT', true, '''active''', NULL, 0),
    ('timeline', 'timeline_conversations', 'last_error', 'TEXT', true, '''''', NULL, 0),
    ('timeline', 'timeline_versions', 'conv_id', 'TEXT', false, NULL, NULL, 1),
    ('timeline', 'timeline_versions', 'version', 'INTEGER', true, NULL, NULL, 0),
    ('timeline', 'timeline_entities', 'conv_id', 'TEXT', true, NULL, NULL, 1),
    ('timeline', 'timeline_entities', 'entity_id', 'TEXT', true, NULL, NULL, 2),
    ('timeline', 'timeline_entities', 'kind', 'TEXT', true, NULL, NULL, 0),
    ('timeline', 'timeline_entities', 'created_at_ms', 'INTEGER', true, NULL, NULL, 0),
    ('timeline', 'timeline_entities', 'updated_at_ms', 'INTEGER', true, NULL, NULL, 0),
    ('timeline', 'timeline_entities', 'version', 'INTEGER', true, NULL, NULL, 0),
    ('timeline', 'timeline_entities', 'entity_json', 'TEXT', true, NULL, NULL, 0);

CREATE TABLE declared_indexes (role VARCHAR, table_name VARCHAR, index_name VARCHAR, columns VARCHAR);
INSERT INTO declared_indexes VALUES
    ('turns', 'turns', 'turns_by_conv_session', 'conv_id, session_id, updated_at_ms DESC'),
    ('turns', 'turns', 'turns_by_session', 'session_id, updated_at_ms DESC'),
    /*each column*/
    ('turns', 'turns', '{index}', 'conv_id, {column}, updated_at_ms DESC'),
    /*end column*/
    ('turns', 'blocks', 'blocks_by_kind_role', 'kind, role'),
    ('turns', 'turn_block_membership', 'turn_block_membership_by_turn_phase',
     'conv_id, session_id, turn_id, phase, snapshot_created_at_ms DESC, ordinal'),
    ('turns', 'turn_block_membership', 'turn_block_membership_by_block', 'block_id, content_hash'),
    ('timeline', 'timeline_conversations', 'timeline_conversations_by_last_activity', 'last_activity_ms DESC, conv_id'),
    ('timeline', 'timeline_conversations', 'timeline_conversations_by_session', 'session_id'),
    ('timeline', 'timeline_entities', 'timeline_entities_by_version', 'conv_id, version'),
    ('timeline', 'timeline_entities', 'timeline_entities_by_created', 'conv_id, created_at_ms');

CREATE TABLE declared_foreign_keys (table_name VARCHAR, parent VARCHAR, columns VARCHAR, on_delete VARCHAR);
INSERT INTO declared_foreign_keys VALUES
    ('turn_block_membership', 'turns', 'conv_id>conv_id, session_id>session_id, turn_id>turn_id', 'CASCADE'),
    ('turn_block_membership', 'blocks', 'block_id>block_id, content_hash>content_hash', 'NO ACTION');
