-- What: tables that live price sources and one's own quotes fill: market prices, quotes, accelerators, remarks; and
-- the spread between an offer and a second opinion on it.
-- Depends on: 0001_facts. Grain: one row a version of a figure; keys are in the contracts, not in the store.

CREATE TABLE market_prices (
    publisher VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    region VARCHAR NOT NULL,
    country VARCHAR,
    sku VARCHAR NOT NULL,
    gpu_model VARCHAR NOT NULL,
    gpu_count BIGINT NOT NULL,
    term VARCHAR NOT NULL,
    price_native_per_instance_hour DECIMAL(18, 6) NOT NULL,
    native_currency VARCHAR NOT NULL,
    valid_from DATE,
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

CREATE TABLE server_quotes (
    quote VARCHAR NOT NULL,
    vendor VARCHAR NOT NULL,
    server VARCHAR NOT NULL,
    price_native_per_server DECIMAL(18, 6) NOT NULL,
    native_currency VARCHAR NOT NULL,
    quoted_on DATE NOT NULL,
    valid_until DATE,
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

CREATE TABLE colocation_quotes (
    quote VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    country VARCHAR NOT NULL,
    price_native_per_kw_month DECIMAL(18, 6),
    price_native_per_rack_month DECIMAL(18, 6),
    rack_power_kw DOUBLE,
    is_power_included BOOLEAN NOT NULL,
    native_currency VARCHAR NOT NULL,
    quoted_on DATE NOT NULL,
    valid_until DATE,
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

CREATE TABLE accelerators (
    accelerator VARCHAR NOT NULL,
    gpu_model VARCHAR,
    manufacturer VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    released_on DATE,
    price_usd DOUBLE,
    fp16_flop_per_second DOUBLE,
    fp8_flop_per_second DOUBLE,
    fp4_flop_per_second DOUBLE,
    memory_gb DOUBLE,
    memory_gb_per_second DOUBLE,
    tdp_w DOUBLE,
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

CREATE TABLE source_remarks (
    publisher VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    occurrences BIGINT NOT NULL,
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

-- Most lists do not say since when a price holds, and the day of reading is no answer.
ALTER TABLE gpu_offers ALTER COLUMN valid_from DROP NOT NULL;

CREATE VIEW offer_spread AS
SELECT
    o.provider, o.region, o.sku, o.term, o.native_currency,
    o.price_native_per_instance_hour AS offer_native_per_hour,
    m.publisher AS second_opinion,
    m.price_native_per_instance_hour AS second_native_per_hour,
    m.price_native_per_instance_hour::DOUBLE / o.price_native_per_instance_hour::DOUBLE - 1 AS spread_share
FROM gpu_offers AS o
JOIN market_prices AS m
    ON m.provider = o.provider AND m.region = o.region AND m.sku = o.sku AND m.term = o.term
    AND m.native_currency = o.native_currency
WHERE o.withdrawn_at IS NULL AND m.withdrawn_at IS NULL;
