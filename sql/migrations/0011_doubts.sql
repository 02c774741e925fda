-- What: keys of a source's tables that its newest publication speaks of and that could not be taken: the last good version
-- stays, marked. A doubt begins when a publication first made it and is settled when one no longer does. ``confirmed_at`` is
-- when the version that stays was last taken or confirmed; how old it may become is said where tables are read.
-- Depends on: nothing. Grain: a doubt about a key. Keys are text, as ``key_text`` of the queries writes them.
CREATE TABLE doubts (
    origin VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    key_text VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    confirmed_at TIMESTAMPTZ NOT NULL,
    doubted_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ
);
