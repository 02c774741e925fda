-- What: names and prices of a source that became no row: unknown GPUs and instances, prices that contradict each other.
-- Depends on: source_remarks. Grain: kind, name.
SELECT kind, name, reason, occurrences, first_seen_at
FROM source_remarks
WHERE origin = $origin AND withdrawn_at IS NULL
ORDER BY kind, name, first_seen_at DESC
