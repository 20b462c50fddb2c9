-- One row a turn with snapshots: when the first and the last were taken, and how they grew.
--   snapshots                how many
--   most_blocks, most_at_ms  of any of them, and the time of the earliest that has so many; ~ turns the order of times
--                            round as a minus does, but the smallest of all has no minus
--   first_phase              of the earliest; of several at one time the one that comes first in the life of a turn
--   last_final_ms, final_blocks   of the snapshots of phase final; NULL without one
CREATE TABLE turn_snapshots AS
SELECT turn_ref, count(*) AS snapshots, min(snapshot_ms) AS first_snapshot_ms, max(snapshot_ms) AS last_snapshot_ms,
    max(blocks) AS most_blocks, arg_max(snapshot_ms, (blocks, ~snapshot_ms)) AS most_at_ms,
    arg_min(phase, (snapshot_ms, CASE phase WHEN 'pre_inference' THEN 0 WHEN 'final' THEN 2 ELSE 1 END)) AS first_phase,
    max(snapshot_ms) FILTER (WHERE phase = 'final') AS last_final_ms,
    max(blocks) FILTER (WHERE phase = 'final') AS final_blocks
FROM snapshots GROUP BY turn_ref;
