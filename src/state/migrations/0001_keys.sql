-- API keys. A revoked one stays, so that it is known whose it was. Instants are microseconds since 1970.
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- SHA-256 of the key: the key itself is nowhere.
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    -- Names, with commas between.
    scopes TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER
) STRICT;
