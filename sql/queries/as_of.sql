-- What: a table as it was known at the end of a day: the newest version of each key that was still published.
-- Depends on: {table}. Grain: {key}.
SELECT *
FROM {table}
WHERE first_seen_at < $until AND (withdrawn_at IS NULL OR withdrawn_at >= $until)
QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY first_seen_at DESC, content_sha256) = 1
ORDER BY {key}
