-- What: days of day-ahead prices that were odd as known at a moment, whoever found them. Depends on: series_findings. Grain: zone, day, publisher, kind, detail
SELECT DISTINCT subject AS zone, day, publisher, kind, detail
FROM series_findings
WHERE series = 'day_ahead' AND first_seen_at < $until AND (withdrawn_at IS NULL OR withdrawn_at >= $until)
ORDER BY zone, day, publisher, kind, detail
