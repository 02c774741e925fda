-- What: facts about places beside the normals: the hottest year of a climate, what industry pays in a country, and how far
-- the publishers of a month's prices are apart.
-- Depends on: 0001. Grain: hot_years: place; industrial_bounds: country; both by version.

CREATE TABLE hot_years (
    place VARCHAR NOT NULL,
    hot_year BIGINT NOT NULL,
    years BIGINT NOT NULL,
    hottest_p99_c DOUBLE NOT NULL,
    normal_p99_c DOUBLE NOT NULL,
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

CREATE TABLE industrial_bounds (
    country VARCHAR NOT NULL,
    half_year DATE NOT NULL,
    band VARCHAR NOT NULL,
    tax VARCHAR NOT NULL,
    eur_per_kwh DOUBLE NOT NULL,
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

-- Null where a single publisher has the month.
ALTER TABLE day_ahead_monthly ADD COLUMN apart_hours BIGINT;
ALTER TABLE day_ahead_monthly ADD COLUMN widest_apart_eur_per_mwh DOUBLE;
