-- One row a file that was read, from lists of equal length.
CREATE TEMP TABLE listed AS
SELECT unnest($1) AS tenant, unnest($2) AS store, unnest($3) AS path, unnest($4) AS sha256,
    unnest($5) AS runtime_known, unnest($6) AS inference_known
