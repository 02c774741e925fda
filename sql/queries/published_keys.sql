-- What: keys of a table that a source still publishes. Depends on: {table}. Grain: {key}.
SELECT {key}, max(last_seen_at) AS last_seen_at FROM {table} WHERE origin = $origin AND withdrawn_at IS NULL GROUP BY {key}
