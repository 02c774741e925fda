-- What: the long catalog of servers as one row a server. Depends on: servers_as_of (registered). Grain: server.
SELECT
    server,
    max(value_text) FILTER (parameter = 'name') AS name,
    max(value_text) FILTER (parameter = 'gpu_model') AS gpu_model,
    max(value_number) FILTER (parameter = 'gpu_count') AS gpu_count,
    max(value_number) FILTER (parameter = 'gpu_memory_gb') AS gpu_memory_gb,
    max(value_number) FILTER (parameter = 'gpu_tdp_w') AS gpu_tdp_w,
    max(value_number) FILTER (parameter = 'nameplate_kw') AS nameplate_kw,
    max(value_number) FILTER (parameter = 'load_share') AS load_share,
    max(value_number) FILTER (parameter = 'idle_share') AS idle_share,
    max(value_number) FILTER (parameter = 'rack_units') AS rack_units,
    max(value_text) FILTER (parameter = 'cooling') AS cooling,
    max(value_number) FILTER (parameter = 'liquid_share') AS liquid_share,
    max(value_number) FILTER (parameter = 'price_low_usd') AS price_low_usd,
    max(value_number) FILTER (parameter = 'price_high_usd') AS price_high_usd,
    max(value_number) FILTER (parameter = 'racks') AS racks
FROM servers_as_of
GROUP BY server
ORDER BY server
