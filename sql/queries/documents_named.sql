-- What: the landed documents that rows of a table name, withdrawn ones included. Depends on: {table}. Grain: document.
SELECT DISTINCT document_sha256 FROM {table}
