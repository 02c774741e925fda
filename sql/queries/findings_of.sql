-- What: what is odd in the series of a publisher, as its documents said or as the hours of all publishers showed, counted
-- by series, zone or place, and kind, with the newest one in words. Depends on: series_findings. Grain: series, subject, kind.
SELECT series, subject, kind, count(DISTINCT day) AS days, max(day) AS newest, arg_max(detail, day) AS detail
FROM series_findings
WHERE (origin = $origin OR publisher = $origin) AND withdrawn_at IS NULL
GROUP BY series, subject, kind
ORDER BY newest DESC, series, subject, kind
