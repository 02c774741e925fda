-- What: day-ahead intervals, weather hours, findings and industrial prices, and views of what is current, by hour, and apart.
-- Depends on: nothing. Grain: one row an interval (hour, finding) of a publisher and version; keys are in the contracts.

CREATE TABLE day_ahead_intervals (
    zone VARCHAR NOT NULL,
    start_utc TIMESTAMPTZ NOT NULL,
    publisher VARCHAR NOT NULL,
    resolution_minutes BIGINT NOT NULL,
    price_eur_per_mwh DOUBLE NOT NULL,
    native_currency VARCHAR NOT NULL,
    fx_units_per_eur DOUBLE,
    vat_rate_removed DOUBLE NOT NULL,
    fill_method VARCHAR,
    revision BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    source_date DATE NOT NULL,
    retrieved_on DATE NOT NULL,
    licence VARCHAR NOT NULL,
    confidence VARCHAR NOT NULL,
    note VARCHAR,
    origin VARCHAR NOT NULL,
    document_sha256 VARCHAR NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    withdrawn_at TIMESTAMPTZ
);

CREATE TABLE weather_hours (
    place VARCHAR NOT NULL,
    start_utc TIMESTAMPTZ NOT NULL,
    publisher VARCHAR NOT NULL,
    dry_bulb_c DOUBLE NOT NULL,
    relative_humidity DOUBLE,
    wet_bulb_c DOUBLE,
    wet_bulb_method VARCHAR,
    pressure_pa DOUBLE,
    source VARCHAR NOT NULL,
    source_date DATE NOT NULL,
    retrieved_on DATE NOT NULL,
    licence VARCHAR NOT NULL,
    confidence VARCHAR NOT NULL,
    note VARCHAR,
    origin VARCHAR NOT NULL,
    document_sha256 VARCHAR NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    withdrawn_at TIMESTAMPTZ
);

CREATE TABLE series_findings (
    series VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    publisher VARCHAR NOT NULL,
    day DATE NOT NULL,
    kind VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    value DOUBLE,
    expected DOUBLE,
    source VARCHAR NOT NULL,
    source_date DATE NOT NULL,
    retrieved_on DATE NOT NULL,
    licence VARCHAR NOT NULL,
    confidence VARCHAR NOT NULL,
    note VARCHAR,
    origin VARCHAR NOT NULL,
    document_sha256 VARCHAR NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    withdrawn_at TIMESTAMPTZ
);

CREATE TABLE industrial_prices (
    country VARCHAR NOT NULL,
    day DATE NOT NULL,
    band VARCHAR NOT NULL,
    tax VARCHAR NOT NULL,
    publisher VARCHAR NOT NULL,
    eur_per_kwh DOUBLE NOT NULL,
    source VARCHAR NOT NULL,
    source_date DATE NOT NULL,
    retrieved_on DATE NOT NULL,
    licence VARCHAR NOT NULL,
    confidence VARCHAR NOT NULL,
    note VARCHAR,
    origin VARCHAR NOT NULL,
    document_sha256 VARCHAR NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL,
    withdrawn_at TIMESTAMPTZ
);

-- Hours of each publisher, averaged by time over whatever resolution was published. Grain: zone, publisher, hour.
CREATE VIEW day_ahead_hours AS
SELECT
    zone,
    publisher,
    date_trunc('hour', start_utc) AS hour_utc_start,
    sum(price_eur_per_mwh * resolution_minutes) / sum(resolution_minutes) AS price_eur_per_mwh,
    sum(resolution_minutes) AS minutes,
    min(licence) AS licence,
    max(retrieved_on) AS retrieved_on
FROM day_ahead_intervals
WHERE withdrawn_at IS NULL
GROUP BY ALL;

-- What the publishers say of the same hour, and how far apart they are. Grain: zone, hour.
CREATE VIEW day_ahead_spread AS
SELECT
    zone,
    hour_utc_start,
    count(*) AS publishers,
    min(price_eur_per_mwh) AS lowest_eur_per_mwh,
    max(price_eur_per_mwh) AS highest_eur_per_mwh,
    max(price_eur_per_mwh) - min(price_eur_per_mwh) AS spread_eur_per_mwh,
    arg_min(publisher, price_eur_per_mwh) AS lowest_publisher,
    arg_max(publisher, price_eur_per_mwh) AS highest_publisher
FROM day_ahead_hours
GROUP BY ALL;

-- Hours at or below 5 EUR/MWh tell a zone's regime better than its mean does.
ALTER TABLE day_ahead_monthly ADD COLUMN low_hours BIGINT;
