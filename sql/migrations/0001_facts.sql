-- What: one table per kind of fact, the record of listings, rows set aside, and batches refused.
-- Depends on: nothing. Grain: one row a version of a figure; keys are in the contracts, not in the store.

CREATE TABLE gpu_offers (
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

CREATE TABLE token_prices (
    provider VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    price_native_per_million_input DECIMAL(18, 6) NOT NULL,
    price_native_per_million_cached_input DECIMAL(18, 6),
    price_native_per_million_output DECIMAL(18, 6) NOT NULL,
    native_currency VARCHAR NOT NULL,
    valid_from DATE NOT NULL,
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

CREATE TABLE servers (
    server VARCHAR NOT NULL,
    parameter VARCHAR NOT NULL,
    value_number DOUBLE,
    value_text VARCHAR,
    unit VARCHAR NOT NULL,
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

CREATE TABLE benchmarks (
    gpu_model VARCHAR NOT NULL,
    gpu_count BIGINT NOT NULL,
    model VARCHAR NOT NULL,
    scenario VARCHAR NOT NULL,
    output_tokens_per_second DOUBLE NOT NULL,
    precision VARCHAR,
    software VARCHAR NOT NULL,
    mean_input_tokens DOUBLE,
    mean_output_tokens DOUBLE,
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

CREATE TABLE models (
    model VARCHAR NOT NULL,
    parameters_billion DOUBLE NOT NULL,
    weights_gb DOUBLE NOT NULL,
    kv_cache_gb_per_replica DOUBLE NOT NULL,
    precision VARCHAR NOT NULL,
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

CREATE TABLE day_ahead_monthly (
    zone VARCHAR NOT NULL,
    month DATE NOT NULL,
    mean_eur_per_mwh DOUBLE NOT NULL,
    p05_eur_per_mwh DOUBLE,
    p50_eur_per_mwh DOUBLE,
    p95_eur_per_mwh DOUBLE,
    std_eur_per_mwh DOUBLE,
    negative_hours BIGINT,
    coverage_share DOUBLE NOT NULL,
    basis VARCHAR NOT NULL,
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

CREATE TABLE day_ahead_shape (
    zone VARCHAR NOT NULL,
    month_of_year BIGINT NOT NULL,
    day_type VARCHAR NOT NULL,
    hour_utc BIGINT NOT NULL,
    ratio_to_month_mean DOUBLE NOT NULL,
    p10_ratio DOUBLE,
    p90_ratio DOUBLE,
    hours_sampled BIGINT NOT NULL,
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

CREATE TABLE energy_taxes (
    country VARCHAR NOT NULL,
    segment VARCHAR NOT NULL,
    rate_native_per_kwh DECIMAL(18, 6) NOT NULL,
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

CREATE TABLE grid_fees (
    grid_fee VARCHAR NOT NULL,
    country VARCHAR NOT NULL,
    level VARCHAR NOT NULL,
    operator VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    value_native DECIMAL(18, 6) NOT NULL,
    unit VARCHAR NOT NULL,
    native_currency VARCHAR NOT NULL,
    valid_from DATE NOT NULL,
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

CREATE TABLE fx_rates (
    currency VARCHAR NOT NULL,
    date DATE NOT NULL,
    units_per_eur DECIMAL(18, 6) NOT NULL,
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

CREATE TABLE carbon_intensity (
    zone VARCHAR NOT NULL,
    year BIGINT NOT NULL,
    basis VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    g_per_kwh DOUBLE NOT NULL,
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

CREATE TABLE climate_hours (
    place VARCHAR NOT NULL,
    month_of_year BIGINT NOT NULL,
    hour_utc BIGINT NOT NULL,
    dry_bulb_mean_c DOUBLE NOT NULL,
    dry_bulb_p95_c DOUBLE NOT NULL,
    wet_bulb_mean_c DOUBLE NOT NULL,
    wet_bulb_p95_c DOUBLE NOT NULL,
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

CREATE TABLE climate_bins (
    place VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    bin_low_c DOUBLE NOT NULL,
    hours_per_year DOUBLE NOT NULL,
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

CREATE TABLE places (
    place VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    country VARCHAR NOT NULL,
    latitude_deg DOUBLE NOT NULL,
    longitude_deg DOUBLE NOT NULL,
    timezone VARCHAR NOT NULL,
    default_zone VARCHAR,
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

CREATE TABLE listings (
    origin VARCHAR NOT NULL,
    listing_sha256 VARCHAR NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    documents BIGINT NOT NULL,
    rows_kept BIGINT NOT NULL,
    rows_quarantined BIGINT NOT NULL,
    sequence BIGINT NOT NULL
);

CREATE TABLE quarantine (
    origin VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    row_json VARCHAR NOT NULL,
    document_sha256 VARCHAR NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE refusals (
    origin VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    document_sha256 VARCHAR NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL
);
