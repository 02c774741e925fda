-- What: every record of the landing's journal that was taken in, which source goes first where several price the same
-- thing, and how far apart they are.
-- Depends on: 0001. Grain: publications one row a record; origins one row a source; price_spread one row an offer.

CREATE TABLE publications (
    position BIGINT NOT NULL,
    origin VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    version VARCHAR,
    listing_sha256 VARCHAR,
    rows_inserted BIGINT NOT NULL,
    rows_withdrawn BIGINT NOT NULL,
    rows_quarantined BIGINT NOT NULL,
    rows_missing BIGINT NOT NULL,
    reason VARCHAR
);

CREATE TABLE origins (
    origin VARCHAR NOT NULL,
    precedence BIGINT NOT NULL
);

CREATE VIEW price_spread AS
SELECT
    provider, region, sku, term, native_currency,
    count(DISTINCT origin) AS origins,
    string_agg(DISTINCT origin, ', ' ORDER BY origin) AS named,
    min(price_native_per_instance_hour) AS lowest_native_per_instance_hour,
    max(price_native_per_instance_hour) AS highest_native_per_instance_hour,
    (max(price_native_per_instance_hour) / min(price_native_per_instance_hour) - 1)::DOUBLE AS spread_share
FROM gpu_offers
WHERE withdrawn_at IS NULL
GROUP BY provider, region, sku, term, native_currency
HAVING count(DISTINCT origin) > 1;
