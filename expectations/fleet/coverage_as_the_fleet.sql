-- title: No file knows less than half of what the fleet knows of its turns
-- severity: warning
-- failure: 1 file knows less than half of the runtimes that the fleet knows | {n} files know less than half of the
--   runtimes that the fleet knows
-- kind: missing
-- needs: turns
-- identity: tenant
-- scans: tenants
-- remedy: Its metadata may have been cut when it was exported, or its migration stopped. Look at its own page.
-- breaks: turns: UPDATE tenants SET runtime_known = 0 WHERE tenant = (SELECT min(tenant) FROM tenants)
WITH shares AS (
    SELECT tenant, runtime_known * 1.0 / turns AS known FROM tenants WHERE turns >= 50
), fleet AS (
    SELECT sum(runtime_known) * 1.0 / sum(turns) AS known, count(*) AS files FROM tenants WHERE turns >= 50
)
SELECT tenant, 'turns' AS found_table, 'runtime_key' AS found_column,
    'about ' || CAST(CAST(round(fleet.known * 100) AS BIGINT) AS STRING) || ' % known' AS expected,
    CAST(CAST(floor(shares.known * 100) AS BIGINT) AS STRING) || ' % known' AS found
FROM shares CROSS JOIN fleet
WHERE fleet.files >= 3 AND shares.known < fleet.known / 2
