-- What: offers whose last good version stays although a later publication casts doubt on them, as known at a moment.
-- Depends on: doubts. Grain: origin, offer
SELECT origin, replace(key_text, chr(31), '/') AS offer, min(confirmed_at)::DATE AS confirmed_on, min(doubted_at)::DATE AS doubted_on
FROM doubts
WHERE table_name = 'gpu_offers' AND doubted_at < $until AND (settled_at IS NULL OR settled_at >= $until)
GROUP BY origin, key_text
ORDER BY origin, offer
