-- What: when a source last published something that was taken in, when it was last confirmed, and the rows missing since.
-- Depends on: publications. Grain: one row.
SELECT
    max(seen_at) FILTER (kind = 'publication') AS published_at,
    max(seen_at) AS confirmed_at,
    coalesce(arg_max(rows_missing, position), 0) AS rows_missing
FROM publications
WHERE origin = $origin AND outcome IN ('changed', 'unchanged')
