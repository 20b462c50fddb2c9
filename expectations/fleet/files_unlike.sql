-- title: No two files of the fleet are the same
-- severity: critical
-- failure: 1 file is the same as another one | {n} files are the same as others
-- kind: wrong
-- needs: turns
-- identity: tenant
-- scans: tenants
-- remedy: A file was copied to where another tenant's should lie, or is listed under two names. Look for the one that
--   is missing.
-- breaks: turns: UPDATE tenants SET sha256 = (SELECT min(sha256) FROM tenants)
SELECT t.tenant, '' AS found_table, '' AS found_column, 'a file of its own' AS expected,
    'the same as that of ' || min(other.tenant) AS found
FROM tenants AS t
JOIN tenants AS other ON other.sha256 = t.sha256 AND other.tenant <> t.tenant
WHERE t.sha256 <> ''
GROUP BY t.tenant
