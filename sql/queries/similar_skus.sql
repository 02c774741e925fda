-- What: names that hold a word, for whoever misspelt one. Depends on: gpu_offers, token_prices. Grain: name.
SELECT DISTINCT name FROM (
    SELECT sku AS name FROM gpu_offers UNION ALL SELECT model FROM token_prices
) WHERE contains(lower(name), lower($word))
ORDER BY jaro_winkler_similarity(lower(name), lower($word)) DESC, name LIMIT 8
