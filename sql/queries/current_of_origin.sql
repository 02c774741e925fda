-- What: the rows of one origin that are still published.
-- Depends on: {table}. Grain: a key of the table.
SELECT * FROM {table} WHERE origin = ? AND withdrawn_at IS NULL ORDER BY content_sha256
