-- What: a table as it was known at the end of a day: one version of each key that was still published. Between sources
-- the newest confirmed publication wins; those confirmed within a week of each other count as equally new, and then the
-- declared precedence decides, then who changed the price last, then the name. A row counts as retrieved on the day that
-- its source last confirmed this table; a table that was refused is not confirmed by others that were taken. A row in doubt
-- was confirmed before the doubt began, and is left to other sources when that is more than {doubt_days} days ago.
-- Depends on: {table}, publication_tables, publications, origins, doubts. Grain: {key}.
WITH confirmed AS (
    SELECT origin, max(seen_at) AS seen_at FROM publication_tables
    WHERE table_name = '{table}' AND seen_at < $until AND outcome IN ('changed', 'unchanged') AND origin IN (SELECT origin FROM origins)
    GROUP BY origin
), heard AS (
    SELECT coalesce(max(seen_at), $until) AS seen_at FROM publications WHERE seen_at < $until
), doubted AS (
    SELECT key_text, origin, min(confirmed_at) AS confirmed_at FROM doubts
    WHERE table_name = '{table}' AND doubted_at < $until AND (settled_at IS NULL OR settled_at >= $until)
    GROUP BY key_text, origin
), known AS (
    SELECT facts.*, coalesce(origins.precedence, -1000) AS precedence,
        coalesce(
            doubted.confirmed_at,
            greatest(least(facts.last_seen_at, $until - INTERVAL 1 MICROSECOND), coalesce(confirmed.seen_at, facts.first_seen_at))
        ) AS confirmed_at
    FROM {table} AS facts
    LEFT JOIN confirmed ON confirmed.origin = facts.origin
    LEFT JOIN origins ON origins.origin = facts.origin
    LEFT JOIN doubted ON doubted.origin = facts.origin AND doubted.key_text = {key_text}
    WHERE facts.first_seen_at < $until AND (facts.withdrawn_at IS NULL OR facts.withdrawn_at >= $until)
        AND (doubted.confirmed_at IS NULL OR doubted.confirmed_at >= (SELECT seen_at FROM heard) - INTERVAL {doubt_days} DAY)
)
SELECT * EXCLUDE (precedence, confirmed_at, is_as_new)
    REPLACE (greatest(retrieved_on, confirmed_at::DATE) AS retrieved_on)
FROM (
    SELECT *, confirmed_at >= max(confirmed_at) OVER (PARTITION BY {key}) - INTERVAL 7 DAY AS is_as_new FROM known
)
QUALIFY row_number() OVER (
    PARTITION BY {key} ORDER BY is_as_new DESC, precedence DESC, first_seen_at DESC, origin, content_sha256
) = 1
ORDER BY {key}
