CREATE TABLE agents (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- number of the account
    username TEXT NOT NULL UNIQUE, -- what they type to sign in, in lower case
    name TEXT NOT NULL, -- the name that customers see
    role TEXT NOT NULL, -- agent, supervisor or admin
    password_hash TEXT NOT NULL, -- argon2id, as a PHC string
    disabled_at TEXT NULL, -- since when the account may not sign in (UTC)
    created_at TEXT NOT NULL -- UTC
);
