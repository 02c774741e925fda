-- What: the doubts of one table of a source brought up to a publication: settled where it no longer makes them, begun where
-- it is the first to. What stays was confirmed with its table, or when it was last seen if it was missing since.
-- Depends on: doubts, {table}, doubtful_keys (registered: the table's key, why_aside), incoming_rows (registered).
-- Grain: a doubt about a key
UPDATE doubts SET settled_at = $seen
WHERE origin = $origin AND table_name = $table_name AND settled_at IS NULL
    AND key_text NOT IN (SELECT {key_text} FROM doubtful_keys)
    AND ($is_complete OR key_text IN (SELECT {key_text} FROM incoming_rows));

INSERT INTO doubts
SELECT
    $origin, $table_name, {key_text}, max(named.why_aside),
    max(CASE WHEN facts.last_seen_at >= $published_at THEN $confirmed_at ELSE facts.last_seen_at END), $seen, NULL
FROM {table} AS facts
JOIN (SELECT {key_text} AS named_key, why_aside FROM doubtful_keys) AS named ON named.named_key = {key_text}
WHERE facts.origin = $origin AND facts.withdrawn_at IS NULL
    AND {key_text} NOT IN (
        SELECT open.key_text FROM doubts AS open
        WHERE open.origin = $origin AND open.table_name = $table_name AND open.settled_at IS NULL
    )
GROUP BY ALL;
