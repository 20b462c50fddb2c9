-- One row a turn: what its columns say, what its metadata says, and who is answerable for the values.
--   evidence_runtime, evidence_inference   what the metadata says, '' where it says nothing
--   runtime_kind, inference_kind           text | map | profile | alias | ''
--   runtime_origin, inference_origin       who wrote the value:
--       migration   the row is older than the column, so the value can only come from the migration
--       live        a program that knows the columns saved the row
--       unknown     neither ledger, --cutover, baseline nor the shape of the table tells
--   era             before | after the cutover; '' where there is none or a time is unreadable. A row with a higher rowid than
--                   the table had when the migration began came after it, whatever its times say: they are the writer's.
CREATE TABLE turn_evidence AS
WITH aged AS (
    SELECT turns.*, migration.added_runtime, migration.added_inference, migration.native,
        baseline_turns.conv_id IS NOT NULL AS in_baseline,
        coalesce(baseline_turns.runtime_key, '') AS baseline_runtime,
        coalesce(baseline_turns.inference_id, '') AS baseline_inference,
        baseline_turns.created_ms AS baseline_created_ms, baseline_turns.updated_ms AS baseline_updated_ms,
        coalesce(baseline_turns.updated_ms, 0) <= 0 OR baseline_turns.updated_ms = turns.updated_ms AS untouched,
        CASE WHEN cutover_ms IS NOT NULL AND high_rowid > 0 AND row_id > high_rowid THEN 'after'
             WHEN turns.created_ms < cutover_ms AND turns.updated_ms < cutover_ms THEN 'before'
             WHEN turns.created_ms >= cutover_ms OR turns.updated_ms >= cutover_ms THEN 'after' ELSE '' END AS era
    FROM turns CROSS JOIN migration
    LEFT JOIN baseline_turns
        ON baseline_turns.conv_id = turns.conv_id AND baseline_turns.session_id = turns.session_id
        AND baseline_turns.turn_id = turns.turn_id
)
SELECT
    turn_ref, row_id, conv_id, session_id, turn_id, created_ms, updated_ms, runtime_key, inference_id, metadata_status,
    runtime_evidence AS evidence_runtime, runtime_kind, inference_evidence AS evidence_inference, inference_kind,
    oddities, era, in_baseline, baseline_runtime, baseline_inference, baseline_created_ms, baseline_updated_ms,
    CASE WHEN era = 'after' THEN 'live'
         WHEN in_baseline AND untouched AND baseline_runtime = '' THEN 'migration'
         WHEN era = 'before' AND added_runtime THEN 'migration'
         WHEN native OR (era = 'before' AND NOT added_runtime) OR baseline_runtime <> '' THEN 'live' ELSE 'unknown' END AS runtime_origin,
    CASE WHEN era = 'after' THEN 'live'
         WHEN in_baseline AND untouched AND baseline_inference = '' THEN 'migration'
         WHEN era = 'before' AND added_inference THEN 'migration'
         WHEN native OR (era = 'before' AND NOT added_inference) OR baseline_inference <> '' THEN 'live' ELSE 'unknown' END AS inference_origin
FROM aged;
