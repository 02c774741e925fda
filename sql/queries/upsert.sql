-- What: a publication into one bitemporal table. Rows that were superseded, or have been missing from complete
-- publications for longer than the source's lists flap, are withdrawn; unchanged ones confirmed, new versions inserted.
-- The good version of a row that was set aside counts as seen, so that it stays.
-- Depends on: incoming_rows (registered: the table's columns, document_sha256 and seen_at), doubtful_keys (registered:
-- keys of rows set aside), {table}. Grain: a version of a figure
CREATE OR REPLACE TEMP TABLE incoming AS
SELECT {columns}, document_sha256, seen_at, {key_text} AS key_text, {content} AS content_sha256
FROM incoming_rows;

UPDATE {table} SET last_seen_at = greatest(last_seen_at, $seen)
WHERE origin = $origin AND withdrawn_at IS NULL AND {key_text} IN (SELECT {key_text} FROM doubtful_keys);

UPDATE {table} SET withdrawn_at = $seen
WHERE origin = $origin AND withdrawn_at IS NULL
    AND content_sha256 NOT IN (SELECT content_sha256 FROM incoming)
    AND (
        {key_text} IN (SELECT key_text FROM incoming)
        OR (
            $is_complete AND {key_text} NOT IN (SELECT {key_text} FROM doubtful_keys)
            AND CASE WHEN last_seen_at >= $published_at THEN $confirmed_at ELSE last_seen_at END <= $missing_since
        )
    );

UPDATE {table} SET last_seen_at = greatest({table}.last_seen_at, incoming.seen_at)
FROM incoming
WHERE {table}.origin = $origin AND {table}.withdrawn_at IS NULL
    AND {table}.content_sha256 = incoming.content_sha256;

INSERT INTO {table} ({columns}, origin, document_sha256, content_sha256, first_seen_at, last_seen_at)
SELECT {columns}, $origin, document_sha256, content_sha256, seen_at, seen_at
FROM incoming
WHERE content_sha256 NOT IN (SELECT content_sha256 FROM {table} WHERE origin = $origin AND withdrawn_at IS NULL);

DROP TABLE incoming;
