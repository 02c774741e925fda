-- What: the number of each combination of terms, a digest of its content, so that the same terms have the same number. It
-- has 63 bits: what is joined with a registered frame is filtered there by signed numbers.
-- Depends on: incoming_terms (registered). Grain: run.
SELECT run, (md5_number_lower(concat_ws(chr(31), publisher, native_currency, coalesce(fx_units_per_eur::VARCHAR, ''),
    vat_rate_removed::VARCHAR, coalesce(fill_method, ''), revision::VARCHAR, source, retrieved_on::VARCHAR, licence,
    confidence, coalesce(note, ''), origin, document_sha256, epoch_us(first_seen_at)::VARCHAR)) >> 1) AS terms_id
FROM incoming_terms
ORDER BY run
