-- What: how each source stands: what was heard last, when it last changed and was last confirmed, and what was set aside.
-- The reason is that of the newest record, none included. Depends on: publications. Grain: origin.
SELECT
    origin,
    max(seen_at) AS probed_at,
    arg_max(outcome, position) AS outcome,
    arg_max_null(reason, position) AS reason,
    max(seen_at) FILTER (outcome = 'changed') AS changed_at,
    max(seen_at) FILTER (outcome IN ('changed', 'unchanged')) AS confirmed_at,
    coalesce(arg_max(rows_quarantined, position) FILTER (kind = 'publication'), 0) AS rows_quarantined
FROM publications
GROUP BY origin
ORDER BY origin
