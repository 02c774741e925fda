-- What: a publication into a series. A key that is published again with another value gets a new version; what is
-- not in the publication stays: a day's publication says nothing of other days.
-- Depends on: incoming_series (registered: the table's columns, document_sha256, seen_at), {table}. Grain: {key}
CREATE OR REPLACE TEMP TABLE newer AS
SELECT incoming.*
FROM incoming_series AS incoming
LEFT JOIN (SELECT * FROM {table} WHERE origin = $origin AND withdrawn_at IS NULL) AS known USING ({key})
WHERE known.origin IS NULL OR {differs};

UPDATE {table} SET withdrawn_at = newer.seen_at
FROM newer
WHERE {table}.origin = $origin AND {table}.withdrawn_at IS NULL AND {same_key};

INSERT INTO {table} ({columns}, origin, document_sha256, first_seen_at)
SELECT {columns}, $origin, document_sha256, seen_at
FROM newer;

DROP TABLE newer;
