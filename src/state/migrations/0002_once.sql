-- What was answered to a request with an Idempotency-Key: written in the transaction that does what it asks for.
CREATE TABLE once (
    -- The id of the key that asked; empty where there are no keys.
    asker TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    -- SHA-256 of the request.
    request BLOB NOT NULL CHECK (length(request) = 32),
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    answered INTEGER NOT NULL,
    PRIMARY KEY (asker, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX once_by_answered ON once (answered);
