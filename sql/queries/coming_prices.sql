-- What: prices of a source that were announced for later, and prices in force with a stated end.
-- Depends on: announced_prices. Grain: provider, region, sku, term, valid_from.
SELECT provider, region, sku, term, price_native_per_instance_hour::DOUBLE AS price, native_currency, valid_from, valid_to
FROM announced_prices
WHERE origin = $origin AND withdrawn_at IS NULL AND (valid_from > $day OR valid_to > $day)
ORDER BY valid_from, provider, region, sku, term
