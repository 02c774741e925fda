-- What: published rows of a table by source. Depends on: {table}. Grain: origin.
SELECT origin, count(*) AS rows FROM {table} WHERE withdrawn_at IS NULL GROUP BY origin
