-- title: Every file was migrated by the version that migrated most files of the fleet
-- severity: info
-- failure: 1 file was migrated by another version than most of the fleet | {n} files were migrated by another version
--   than most of the fleet
-- kind: form
-- needs: turns, ledger
-- identity: tenant
-- scans: tenants
-- remedy: Know that the file was not part of the same run. Its own checks tell whether it is right.
-- breaks: turns: UPDATE tenants SET ledger_version = '0.0.1' WHERE tenant = (SELECT min(tenant) FROM tenants)
WITH counted AS (
    SELECT ledger_version, count(*) AS files FROM tenants WHERE turns IS NOT NULL GROUP BY ledger_version
), usual AS (
    SELECT min(ledger_version) AS ledger_version FROM counted WHERE files = (SELECT max(files) FROM counted)
)
SELECT tenant, 'turntruth_migrations' AS found_table, 'turntruth_version' AS found_column,
    usual.ledger_version AS expected, tenants.ledger_version AS found
FROM tenants CROSS JOIN usual
WHERE tenants.turns IS NOT NULL AND tenants.ledger_version <> usual.ledger_version
