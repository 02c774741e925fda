-- What: prices of offers that hold later, or that hold now and have a stated end; and the spread between an offer and a
-- second opinion on it, also where a list has one price for every region.
-- Depends on: 0004_prices. Grain: one row a version of a figure; keys are in the contracts, not in the store.
CREATE TABLE announced_prices (
    provider VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    country VARCHAR,
    sku VARCHAR NOT NULL,
    gpu_model VARCHAR NOT NULL,
    gpu_count BIGINT NOT NULL,
    term VARCHAR NOT NULL,
    upfront_share DOUBLE NOT NULL,
    price_native_per_instance_hour DECIMAL(18, 6) NOT NULL,
    native_currency VARCHAR NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    source VARCHAR NOT NULL,
    source_date DATE NOT NULL,
    retrieved_on DATE NOT NULL,
    licence VARCHAR NOT NULL,
    confidence VARCHAR NOT NULL,
    note VARCHAR,
    origin VARCHAR NOT NULL,
    document_sha256 VARCHAR NOT NULL,
    content_sha256 VARCHAR NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    withdrawn_at TIMESTAMPTZ
);

CREATE OR REPLACE VIEW offer_spread AS
SELECT
    o.provider, m.region, o.sku, o.term, o.native_currency,
    o.price_native_per_instance_hour AS offer_native_per_hour,
    m.publisher AS second_opinion,
    m.price_native_per_instance_hour AS second_native_per_hour,
    m.price_native_per_instance_hour::DOUBLE / o.price_native_per_instance_hour::DOUBLE - 1 AS spread_share
FROM gpu_offers AS o
JOIN market_prices AS m
    ON m.provider = o.provider AND (m.region = o.region OR o.region = '') AND m.sku = o.sku AND m.term = o.term
    AND m.native_currency = o.native_currency
WHERE o.withdrawn_at IS NULL AND m.withdrawn_at IS NULL;
