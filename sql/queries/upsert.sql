-- What: a publication into one bitemporal table. Rows that are no longer published are withdrawn, unchanged ones
-- confirmed, new versions inserted.
-- Depends on: incoming_rows (registered: the table's columns and seen_at), {table}. Grain: a version of a figure
CREATE OR REPLACE TEMP TABLE incoming AS
SELECT {columns}, seen_at, {content} AS content_sha256
FROM incoming_rows;

UPDATE {table} SET withdrawn_at = $seen
WHERE origin = $origin AND withdrawn_at IS NULL
    AND content_sha256 NOT IN (SELECT content_sha256 FROM incoming);

UPDATE {table} SET last_seen_at = greatest({table}.last_seen_at, incoming.seen_at)
FROM incoming
WHERE {table}.origin = $origin AND {table}.withdrawn_at IS NULL
    AND {table}.content_sha256 = incoming.content_sha256;

INSERT INTO {table} ({columns}, origin, document_sha256, content_sha256, first_seen_at, last_seen_at)
SELECT {columns}, $origin, $document, content_sha256, seen_at, seen_at
FROM incoming
WHERE content_sha256 NOT IN (SELECT content_sha256 FROM {table} WHERE origin = $origin AND withdrawn_at IS NULL);

DROP TABLE incoming;
