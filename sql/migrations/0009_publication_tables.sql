-- What: what became of each table of a record of the journal, beside what became of the record: one table of a publication
-- may be refused while the others are taken. In records from before, the reason names the tables that were refused, and
-- whoever holds rows of a table published it. Remarks were refused then and never are now: they count as taken.
-- Depends on: 0001, 0002, 0004 to 0008. Grain: position, table.

CREATE TABLE publication_tables (
    position BIGINT NOT NULL,
    origin VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    rows_inserted BIGINT NOT NULL,
    rows_confirmed BIGINT NOT NULL,
    rows_withdrawn BIGINT NOT NULL,
    rows_quarantined BIGINT NOT NULL,
    rows_kept BIGINT NOT NULL,
    rows_missing BIGINT NOT NULL,
    reason VARCHAR
);

CREATE TEMP TABLE holders AS
SELECT origin, 'gpu_offers' AS table_name, min(first_seen_at) AS since FROM gpu_offers GROUP BY origin
UNION ALL SELECT origin, 'token_prices' AS table_name, min(first_seen_at) AS since FROM token_prices GROUP BY origin
UNION ALL SELECT origin, 'servers' AS table_name, min(first_seen_at) AS since FROM servers GROUP BY origin
UNION ALL SELECT origin, 'benchmarks' AS table_name, min(first_seen_at) AS since FROM benchmarks GROUP BY origin
UNION ALL SELECT origin, 'models' AS table_name, min(first_seen_at) AS since FROM models GROUP BY origin
UNION ALL SELECT origin, 'day_ahead_monthly' AS table_name, min(first_seen_at) AS since FROM day_ahead_monthly GROUP BY origin
UNION ALL SELECT origin, 'day_ahead_shape' AS table_name, min(first_seen_at) AS since FROM day_ahead_shape GROUP BY origin
UNION ALL SELECT origin, 'energy_taxes' AS table_name, min(first_seen_at) AS since FROM energy_taxes GROUP BY origin
UNION ALL SELECT origin, 'grid_fees' AS table_name, min(first_seen_at) AS since FROM grid_fees GROUP BY origin
UNION ALL SELECT origin, 'fx_rates' AS table_name, min(first_seen_at) AS since FROM fx_rates GROUP BY origin
UNION ALL SELECT origin, 'carbon_intensity' AS table_name, min(first_seen_at) AS since FROM carbon_intensity GROUP BY origin
UNION ALL SELECT origin, 'climate_hours' AS table_name, min(first_seen_at) AS since FROM climate_hours GROUP BY origin
UNION ALL SELECT origin, 'climate_bins' AS table_name, min(first_seen_at) AS since FROM climate_bins GROUP BY origin
UNION ALL SELECT origin, 'places' AS table_name, min(first_seen_at) AS since FROM places GROUP BY origin
UNION ALL SELECT origin, 'tax_rules' AS table_name, min(first_seen_at) AS since FROM tax_rules GROUP BY origin
UNION ALL SELECT origin, 'grid_tariffs' AS table_name, min(first_seen_at) AS since FROM grid_tariffs GROUP BY origin
UNION ALL SELECT origin, 'heat_prices' AS table_name, min(first_seen_at) AS since FROM heat_prices GROUP BY origin
UNION ALL SELECT origin, 'connection_times' AS table_name, min(first_seen_at) AS since FROM connection_times GROUP BY origin
UNION ALL SELECT origin, 'comparators' AS table_name, min(first_seen_at) AS since FROM comparators GROUP BY origin
UNION ALL SELECT origin, 'hot_years' AS table_name, min(first_seen_at) AS since FROM hot_years GROUP BY origin
UNION ALL SELECT origin, 'industrial_bounds' AS table_name, min(first_seen_at) AS since FROM industrial_bounds GROUP BY origin
UNION ALL SELECT origin, 'market_prices' AS table_name, min(first_seen_at) AS since FROM market_prices GROUP BY origin
UNION ALL SELECT origin, 'server_quotes' AS table_name, min(first_seen_at) AS since FROM server_quotes GROUP BY origin
UNION ALL SELECT origin, 'colocation_quotes' AS table_name, min(first_seen_at) AS since FROM colocation_quotes GROUP BY origin
UNION ALL SELECT origin, 'accelerators' AS table_name, min(first_seen_at) AS since FROM accelerators GROUP BY origin
UNION ALL SELECT origin, 'source_remarks' AS table_name, min(first_seen_at) AS since FROM source_remarks GROUP BY origin
UNION ALL SELECT origin, 'day_ahead_intervals' AS table_name, min(first_seen_at) AS since FROM day_ahead_terms GROUP BY origin
UNION ALL SELECT origin, 'weather_hours' AS table_name, min(first_seen_at) AS since FROM weather_hours GROUP BY origin
UNION ALL SELECT origin, 'series_findings' AS table_name, min(first_seen_at) AS since FROM series_findings GROUP BY origin
UNION ALL SELECT origin, 'industrial_prices' AS table_name, min(first_seen_at) AS since FROM industrial_prices GROUP BY origin
UNION ALL SELECT origin, table_name, min(seen_at) AS since FROM refusals GROUP BY origin, table_name;

INSERT INTO publication_tables
WITH held AS (
    SELECT origin, table_name, min(since) AS since FROM holders GROUP BY origin, table_name
), told AS (
    SELECT
        heard.*, held.table_name,
        CASE WHEN heard.outcome = 'refused' AND held.table_name <> 'source_remarks' THEN nullif(
            regexp_extract('; ' || heard.reason, '; ' || held.table_name || ': ([^;]*)', 1), ''
        ) END AS refused
    FROM publications AS heard
    JOIN held ON held.origin = heard.origin AND held.since <= heard.seen_at
    WHERE heard.outcome <> 'failed'
)
SELECT
    position, origin, table_name,
    CASE
        WHEN refused IS NOT NULL THEN 'refused'
        WHEN rows_inserted + rows_withdrawn > 0 THEN 'changed'
        ELSE 'unchanged'
    END,
    seen_at, 0, 0, 0, 0, 0, CASE WHEN refused IS NULL THEN rows_missing ELSE 0 END, refused
FROM told;

DROP TABLE holders;

-- A record of which only remarks were refused took in what there was to take.
UPDATE publications
SET outcome = CASE WHEN rows_inserted + rows_withdrawn > 0 THEN 'changed' ELSE 'unchanged' END, reason = NULL
WHERE outcome = 'refused' AND regexp_matches(reason, '^source_remarks: [^;]*$');
