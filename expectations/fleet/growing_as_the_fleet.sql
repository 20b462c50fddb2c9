-- title: No file stopped to grow long before the others
-- severity: info
-- failure: 1 file has had no new turn for a month before the fleet's last one | {n} files have had no new turn for a
--   month before the fleet's last one
-- kind: missing
-- needs: turns
-- identity: tenant
-- scans: tenants
-- remedy: The tenant may have left, or the service writes elsewhere by now. Ask whoever runs it.
-- breaks: turns: UPDATE tenants SET last_ms = last_ms - 31622400000 WHERE tenant = (SELECT min(tenant) FROM
--   tenants)
WITH fleet AS (
    SELECT max(last_ms) AS last_ms, count(*) AS files FROM tenants WHERE last_ms IS NOT NULL
)
SELECT tenant, 'turns' AS found_table, 'turn_created_at_ms' AS found_column, 'turns of the last month' AS expected,
    CAST(CAST(floor((fleet.last_ms - tenants.last_ms) / 86400000.0) AS BIGINT) AS STRING) || ' days before' AS found
FROM tenants CROSS JOIN fleet
WHERE fleet.files >= 3 AND fleet.last_ms - tenants.last_ms > CAST(2592000000 AS BIGINT)
