CREATE TABLE customers (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- number of the customer
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32), -- SHA-256 of the secret that the browser keeps
    name TEXT NULL, -- how they want to be called
    page TEXT NULL, -- page they were on when they first wrote
    language TEXT NULL, -- language of their browser
    created_at TEXT NOT NULL -- UTC
);
