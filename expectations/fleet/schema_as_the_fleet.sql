-- title: Every file has the columns that most files of the fleet have
-- severity: warning
-- failure: 1 file has other columns than most of the fleet | {n} files have other columns than most of the fleet
-- kind: form
-- needs: turns
-- identity: tenant
-- scans: tenants
-- remedy: The file was migrated by another version, or not at all. Compare the output of `turntruth doctor` for both.
-- breaks: turns: UPDATE tenants SET schema_sha256 = 'other' WHERE tenant = (SELECT min(tenant) FROM tenants)
WITH counted AS (
    SELECT schema_sha256, count(*) AS files FROM tenants WHERE schema_sha256 <> '' GROUP BY schema_sha256
), usual AS (
    SELECT min(schema_sha256) AS schema_sha256 FROM counted WHERE files = (SELECT max(files) FROM counted)
)
SELECT tenant, '' AS found_table, '' AS found_column, usual.schema_sha256 AS expected, tenants.schema_sha256 AS found
FROM tenants CROSS JOIN usual
WHERE tenants.schema_sha256 <> '' AND tenants.schema_sha256 <> usual.schema_sha256
