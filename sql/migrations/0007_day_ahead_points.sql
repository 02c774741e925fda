-- What: day-ahead intervals kept as points and the terms that many of them share (who published them, in which currency,
-- under which licence, out of which document), and a view that puts them together again under the name of the table.
-- Depends on: 0005. Grain: points: an interval of a publisher and version; terms: one row a combination.

CREATE TABLE day_ahead_terms (
    terms_id UBIGINT NOT NULL,
    publisher VARCHAR NOT NULL,
    native_currency VARCHAR NOT NULL,
    fx_units_per_eur DOUBLE,
    vat_rate_removed DOUBLE NOT NULL,
    fill_method VARCHAR,
    revision BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    retrieved_on DATE NOT NULL,
    licence VARCHAR NOT NULL,
    confidence VARCHAR NOT NULL,
    note VARCHAR,
    origin VARCHAR NOT NULL,
    document_sha256 VARCHAR NOT NULL,
    first_seen_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE day_ahead_points (
    zone VARCHAR NOT NULL,
    start_utc TIMESTAMPTZ NOT NULL,
    resolution_minutes BIGINT NOT NULL,
    price_eur_per_mwh DOUBLE NOT NULL,
    terms_id UBIGINT NOT NULL,
    withdrawn_at TIMESTAMPTZ
);

DROP VIEW day_ahead_spread;
DROP VIEW day_ahead_hours;
ALTER TABLE day_ahead_intervals RENAME TO day_ahead_intervals_wide;

-- Numbers of the terms that the first tables held; later ones are told apart by their content too.
CREATE TEMP TABLE day_ahead_wide AS
SELECT *, md5_number_lower(concat_ws(chr(31), publisher, native_currency, coalesce(fx_units_per_eur::VARCHAR, ''),
    vat_rate_removed::VARCHAR, coalesce(fill_method, ''), revision::VARCHAR, source, retrieved_on::VARCHAR, licence,
    confidence, coalesce(note, ''), origin, document_sha256, epoch_us(first_seen_at)::VARCHAR)) AS terms_id
FROM day_ahead_intervals_wide;

INSERT INTO day_ahead_terms
SELECT DISTINCT terms_id, publisher, native_currency, fx_units_per_eur, vat_rate_removed, fill_method, revision, source,
    retrieved_on, licence, confidence, note, origin, document_sha256, first_seen_at
FROM day_ahead_wide;

INSERT INTO day_ahead_points
SELECT zone, start_utc, resolution_minutes, price_eur_per_mwh, terms_id, withdrawn_at
FROM day_ahead_wide;

DROP TABLE day_ahead_wide;
DROP TABLE day_ahead_intervals_wide;

-- Every interval with its terms. A figure speaks for its market day, but is never newer than its retrieval.
CREATE VIEW day_ahead_intervals AS
SELECT
    points.zone,
    points.start_utc,
    terms.publisher,
    points.resolution_minutes,
    points.price_eur_per_mwh,
    terms.native_currency,
    terms.fx_units_per_eur,
    terms.vat_rate_removed,
    terms.fill_method,
    terms.revision,
    terms.source,
    least((points.start_utc AT TIME ZONE 'Europe/Brussels')::DATE, terms.retrieved_on) AS source_date,
    terms.retrieved_on,
    terms.licence,
    terms.confidence,
    terms.note,
    terms.origin,
    terms.document_sha256,
    terms.first_seen_at,
    points.withdrawn_at
FROM day_ahead_points AS points
JOIN day_ahead_terms AS terms ON terms.terms_id = points.terms_id;

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
