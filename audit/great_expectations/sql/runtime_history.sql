-- SQLite's lag() and lead() do not ignore NULLs: rows are grouped by how many known values there are up to them, and
-- from them on, so that each group has one known value, which is carried to all of its rows.
WITH said AS (
    SELECT turn_ref, o.conv_id, o.place, o.snapshots, e.runtime_key, e.evidence_runtime, e.era,
        coalesce(nullif(e.evidence_runtime, ''), s.switch_runtime) AS signal,
        CASE WHEN e.evidence_runtime <> '' THEN 'metadata'
             WHEN s.switch_runtime IS NOT NULL THEN 'profile_switch' END AS signal_source
    FROM turn_order o JOIN turn_evidence e USING (turn_ref)
    LEFT JOIN switch_runtimes s USING (turn_ref)
), counted AS (
    SELECT *,
        count(nullif(runtime_key, '')) OVER so_far AS known_so_far,
        count(nullif(runtime_key, '')) OVER from_here AS known_from_here,
        count(signal) OVER so_far AS signals_so_far,
        count(signal) OVER from_here AS signals_from_here
    FROM said
    WINDOW so_far AS (PARTITION BY conv_id ORDER BY place), from_here AS (PARTITION BY conv_id ORDER BY place DESC)
), carried AS (
    SELECT *,
        max(nullif(runtime_key, '')) OVER (PARTITION BY conv_id, known_so_far) AS last_known,
        max(nullif(runtime_key, '')) OVER (PARTITION BY conv_id, known_from_here) AS coming_known,
        max(signal) OVER (PARTITION BY conv_id, signals_so_far) AS last_signal,
        max(signal) OVER (PARTITION BY conv_id, signals_from_here) AS coming_signal
    FROM counted
)
SELECT turn_ref, conv_id, place, snapshots, runtime_key, evidence_runtime, era, signal, signal_source,
    lag(runtime_key) OVER in_order AS previous_runtime,
    lead(runtime_key) OVER in_order AS next_runtime,
    lag(last_known) OVER in_order AS previous_known,
    lead(coming_known) OVER in_order AS next_known,
    lag(last_signal) OVER in_order AS previous_signal,
    lead(coming_signal) OVER in_order AS next_signal
FROM carried
WINDOW in_order AS (PARTITION BY conv_id ORDER BY place)
