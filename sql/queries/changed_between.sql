-- What: what changed in a table between the ends of two days, by source: appeared, withdrawn, or another version.
-- Depends on: {table}. Grain: origin, {key}.
WITH before AS (
    SELECT origin, {key}, content_sha256, {price} AS price FROM {table}
    WHERE first_seen_at < $since AND (withdrawn_at IS NULL OR withdrawn_at >= $since)
    QUALIFY row_number() OVER (PARTITION BY origin, {key} ORDER BY first_seen_at DESC, content_sha256) = 1
), now AS (
    SELECT origin, {key}, content_sha256, {price} AS price FROM {table}
    WHERE first_seen_at < $until AND (withdrawn_at IS NULL OR withdrawn_at >= $until)
    QUALIFY row_number() OVER (PARTITION BY origin, {key} ORDER BY first_seen_at DESC, content_sha256) = 1
)
SELECT
    origin, {key},
    CASE WHEN before.content_sha256 IS NULL THEN 'appeared' WHEN now.content_sha256 IS NULL THEN 'withdrawn' ELSE 'changed' END AS change,
    before.price::DOUBLE AS price_before,
    now.price::DOUBLE AS price_after,
    (now.price / nullif(before.price, 0) - 1)::DOUBLE AS moved_share
FROM before
FULL JOIN now USING (origin, {key})
WHERE before.content_sha256 IS DISTINCT FROM now.content_sha256
ORDER BY abs(moved_share) DESC NULLS LAST, origin, {key}
