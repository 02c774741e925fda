-- What: what became of a record of the journal, table by table. Depends on: publication_tables. Grain: table.
SELECT table_name, rows_inserted, rows_confirmed, rows_withdrawn, rows_quarantined, rows_kept, rows_missing, reason
FROM publication_tables
WHERE position = $position
ORDER BY table_name
