-- What: rows of a source that are in doubt now, grouped by reason: the last good versions stay. Depends on: doubts.
-- Grain: table, reason
SELECT
    table_name, reason, count(*) AS rows, replace(min(key_text), chr(31), ' ') AS example,
    min(confirmed_at) AS confirmed_at, min(doubted_at) AS doubted_at
FROM doubts
WHERE origin = $origin AND settled_at IS NULL
GROUP BY table_name, reason
ORDER BY table_name, rows DESC, reason
