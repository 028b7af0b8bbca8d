CREATE TABLE agent_sessions (
    token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32), -- SHA-256 of the secret in the login cookie
    agent_id INTEGER NOT NULL REFERENCES agents (id) ON DELETE CASCADE, -- whose login it is
    created_at TEXT NOT NULL, -- UTC
    expires_at TEXT NOT NULL -- UTC
) WITHOUT ROWID;
CREATE INDEX agent_sessions_agent_id ON agent_sessions (agent_id);
CREATE INDEX agent_sessions_expires_at ON agent_sessions (expires_at);
