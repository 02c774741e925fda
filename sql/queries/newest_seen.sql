-- What: the newest day on which any listing was seen. Depends on: listings. Grain: one row.
SELECT max(seen_at)::DATE FROM listings
