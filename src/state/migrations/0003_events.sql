-- What has come over the API and is in no kept history yet. A sequence is never used again, so that removing those up to one
-- removes nothing that came later.
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    repeat INTEGER NOT NULL,
    received INTEGER NOT NULL,
    UNIQUE (customer_id, kind, content, repeat)
) STRICT;
