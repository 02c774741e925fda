-- What: offers as known on a day, with prices that were announced and hold by then in place of those before them, and
-- without prices whose stated end has come.
-- Depends on: offers_known, announced_known (registered: both tables as known on the day). Grain: provider, region, sku, term
WITH dated AS (
    SELECT offers_known.*, ended.valid_to
    FROM offers_known
    LEFT JOIN announced_known AS ended USING (provider, region, sku, term, valid_from)
    UNION ALL BY NAME
    SELECT * FROM announced_known
)
SELECT * EXCLUDE (valid_to)
FROM dated
WHERE (valid_from IS NULL OR valid_from <= $day) AND (valid_to IS NULL OR valid_to > $day)
QUALIFY row_number() OVER (
    PARTITION BY provider, region, sku, term ORDER BY valid_from DESC NULLS LAST, withdrawn_at NULLS FIRST, origin, content_sha256
) = 1
ORDER BY provider, region, sku, term
