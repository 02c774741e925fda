-- What: the rows of one origin that are still published and whose keys come again.
-- Depends on: {table}, incoming_keys (registered: the table's key). Grain: a key of the table.
SELECT *
FROM {table}
WHERE origin = $origin AND withdrawn_at IS NULL AND {key_text} IN (SELECT {key_text} FROM incoming_keys)
ORDER BY content_sha256
