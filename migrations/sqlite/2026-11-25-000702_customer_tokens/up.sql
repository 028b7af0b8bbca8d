CREATE TABLE customer_tokens (
    token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32), -- SHA-256 of the secret that a browser keeps
    customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE, -- whose it is
    identity_hash BLOB NULL CHECK (length(identity_hash) = 32), -- SHA-256 of what the host site signed; NULL for one of somebody anonymous who has been recognised
    created_at TEXT NOT NULL, -- UTC
    ended_at TEXT NULL -- since when it opens nothing any more (UTC)
) WITHOUT ROWID;
CREATE INDEX customer_tokens_customer_id ON customer_tokens (customer_id);
CREATE INDEX customer_tokens_identity_hash ON customer_tokens (identity_hash);
CREATE INDEX customer_tokens_ended_at ON customer_tokens (ended_at);
