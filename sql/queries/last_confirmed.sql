-- What: when a table of a source was last published and taken in, when it was last confirmed, and its rows missing since.
-- Depends on: publication_tables, publications. Grain: one row.
SELECT
    max(told.seen_at) FILTER (heard.kind = 'publication') AS published_at,
    max(told.seen_at) AS confirmed_at,
    coalesce(arg_max(told.rows_missing, told.position), 0) AS rows_missing
FROM publication_tables AS told
JOIN publications AS heard ON heard.position = told.position
WHERE told.origin = $origin AND told.table_name = $table AND told.outcome IN ('changed', 'unchanged')
