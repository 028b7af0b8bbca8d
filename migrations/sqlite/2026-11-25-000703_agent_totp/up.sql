CREATE TABLE agent_totp (
    agent_id INTEGER NOT NULL PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE, -- whose it is
    seed BLOB NOT NULL CHECK (length(seed) = 20), -- what the secret is made of, together with KEFU_SECRET_KEY where keyed is 1
    keyed INTEGER NOT NULL, -- whether KEFU_SECRET_KEY is needed to know the secret
    last_step INTEGER NOT NULL, -- the 30 seconds since 1970 of the last code that was used
    created_at TEXT NOT NULL, -- UTC
    confirmed_at TEXT NULL -- since when sign-in asks for a code (UTC)
);
