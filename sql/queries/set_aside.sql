-- What: rows of a source's last publication that had to be set aside, grouped by reason, with one row to look at.
-- Depends on: quarantine. Grain: table, reason.
SELECT table_name, reason, count(*) AS rows, min(row_json) AS example, max(seen_at) AS seen_at
FROM quarantine
WHERE origin = $origin AND seen_at = (SELECT max(seen_at) FROM quarantine WHERE origin = $origin)
GROUP BY table_name, reason
ORDER BY rows DESC, table_name, reason
