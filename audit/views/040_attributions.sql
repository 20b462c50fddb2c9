-- One row a turn and column: the value of runtime_key or inference_id beside its evidence, so that a check is written
-- once.
--   column_name   /*each column by " | "*/{column}/*end column*/
--   value, evidence, kind, origin, era as in turn_evidence
CREATE VIEW attributions AS
/*each column by "\nUNION ALL\n"*/
SELECT '{column}'/*each naming*/ AS column_name/*end naming*/, turn_ref, row_id, conv_id, session_id, turn_id,
    created_ms, updated_ms, era, metadata_status,
    {column}/*each naming*/ AS value/*end naming*/, evidence_{word}/*each naming*/ AS evidence/*end naming*/,
    {word}_kind/*each naming*/ AS kind/*end naming*/, {word}_origin/*each naming*/ AS origin/*end naming*/
FROM turn_evidence
/*end column*/
;
