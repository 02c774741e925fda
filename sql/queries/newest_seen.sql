-- What: the newest day on which any source was seen or confirmed. Depends on: listings, publications. Grain: one row.
SELECT max(seen_at)::DATE FROM (
    SELECT seen_at FROM listings
    UNION ALL
    SELECT seen_at FROM publications WHERE outcome IN ('changed', 'unchanged')
)
