-- What: rows that the last publication lacked, withdrawn once they have been missing for longer than its lists flap.
-- Depends on: {table}. Grain: a version of a figure
UPDATE {table} SET withdrawn_at = $seen
WHERE origin = $origin AND withdrawn_at IS NULL AND last_seen_at < $published_at AND last_seen_at <= $missing_since
