-- What: how each table stands that the newest word of its source speaks of: taken or refused, and when it last was taken.
-- Depends on: publication_tables, publications. Grain: origin, table.
WITH newest AS (
    SELECT origin, max(position) AS position FROM publications WHERE kind <> 'failed' GROUP BY origin
), ever AS (
    SELECT
        origin, table_name,
        max(seen_at) FILTER (outcome IN ('changed', 'unchanged')) AS taken_at,
        max(seen_at) FILTER (outcome = 'changed') AS changed_at
    FROM publication_tables
    GROUP BY origin, table_name
)
SELECT told.origin, told.table_name, told.outcome, told.reason, told.rows_kept, ever.taken_at, ever.changed_at
FROM publication_tables AS told
JOIN newest ON newest.origin = told.origin AND newest.position = told.position
JOIN ever ON ever.origin = told.origin AND ever.table_name = told.table_name
ORDER BY told.origin, told.table_name
