-- What: a publication into the points of the day-ahead market. A key that is published again with another value gets a
-- new version, unless its revision is older; what is not in the publication stays: a day says nothing of other days.
-- Depends on: incoming_points, numbered_terms (registered), day_ahead_points, day_ahead_terms. Grain: zone, start, publisher
CREATE OR REPLACE TEMP TABLE newer AS
SELECT incoming.*, terms.publisher, terms.first_seen_at
FROM incoming_points AS incoming
JOIN numbered_terms AS terms ON terms.terms_id = incoming.terms_id
LEFT JOIN (SELECT * FROM day_ahead_intervals WHERE origin = $origin AND withdrawn_at IS NULL) AS known
    ON known.zone = incoming.zone AND known.start_utc = incoming.start_utc AND known.publisher = terms.publisher
WHERE known.origin IS NULL
    OR (
        (known.price_eur_per_mwh <> incoming.price_eur_per_mwh OR known.resolution_minutes <> incoming.resolution_minutes)
        AND terms.revision >= known.revision
    );

UPDATE day_ahead_points SET withdrawn_at = newer.first_seen_at
FROM newer
WHERE day_ahead_points.withdrawn_at IS NULL AND day_ahead_points.zone = newer.zone
    AND day_ahead_points.start_utc = newer.start_utc
    AND day_ahead_points.terms_id IN
        (SELECT terms_id FROM day_ahead_terms WHERE origin = $origin AND publisher = newer.publisher);

INSERT INTO day_ahead_terms
SELECT DISTINCT * FROM numbered_terms
WHERE terms_id IN (SELECT terms_id FROM newer) AND terms_id NOT IN (SELECT terms_id FROM day_ahead_terms);

INSERT INTO day_ahead_points
SELECT zone, start_utc, resolution_minutes, price_eur_per_mwh, terms_id, NULL
FROM newer;

DROP TABLE newer;
