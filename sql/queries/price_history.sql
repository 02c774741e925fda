-- What: every price that was seen for a SKU or a model, from when to when, and who says so.
-- Depends on: gpu_offers, token_prices. Grain: a version of a price.
SELECT
    provider, region, sku, term, origin, native_currency,
    price_native_per_instance_hour::DOUBLE AS price, 'instance-hour' AS per, first_seen_at, last_seen_at, withdrawn_at
FROM gpu_offers
WHERE lower(sku) = lower($sku)
UNION ALL
SELECT
    provider, '', model, 'output', origin, native_currency,
    price_native_per_million_output::DOUBLE, 'million tokens', first_seen_at, last_seen_at, withdrawn_at
FROM token_prices
WHERE lower(model) = lower($sku)
ORDER BY provider, region, term, origin, first_seen_at, price
