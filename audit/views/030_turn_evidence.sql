-- One row a turn: what its columns say, what its metadata says, and who is answerable for the values.
--   /*each column by ", "*/evidence_{word}/*end column*/   what the metadata says, '' where it says nothing
--   /*each column by ", "*/{word}_kind/*end column*/           text | map | profile | alias | ''
--   /*each column by ", "*/{word}_origin/*end column*/       who wrote the value:
--       migration   the row is older than the column, so the value can only come from the migration
--       live        a program that knows the columns saved the row
--       unknown     neither ledger, --cutover, baseline nor the shape of the table tells
--   era             before | after the cutover; '' where there is none or a time is unreadable. A row with a higher
--                   rowid than the table had when the migration began came after it, whatever its times say: they are
--                   the writer's.
CREATE TABLE turn_evidence AS
WITH aged AS (
    SELECT turns.*, /*each column*/migration.added_{word}, /*end column*/migration.native,
        baseline_turns.conv_id IS NOT NULL AS in_baseline,
        /*each column*/
        coalesce(baseline_turns.{column}, '') AS baseline_{word},
        /*end column*/
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
    turn_ref, row_id, conv_id, session_id, turn_id, created_ms, updated_ms,
    /*each column*/{column}, /*end column*/metadata_status,
    /*each column by ", "*/{word}_evidence AS evidence_{word}, {word}_kind/*end column*/,
    oddities, era, in_baseline, /*each column*/baseline_{word}, /*end column*/baseline_created_ms, baseline_updated_ms,
    /*each column by ",\n"*/
    CASE WHEN era = 'after' THEN 'live'
         WHEN in_baseline AND untouched AND baseline_{word} = '' THEN 'migration'
         WHEN era = 'before' AND added_{word} THEN 'migration'
         WHEN native OR (era = 'before' AND NOT added_{word}) OR baseline_{word} <> '' THEN 'live'
         ELSE 'unknown' END AS {word}_origin
    /*end column*/
FROM aged;
