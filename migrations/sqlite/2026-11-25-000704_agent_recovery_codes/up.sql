CREATE TABLE agent_recovery_codes (
    code_hash BLOB NOT NULL PRIMARY KEY CHECK (length(code_hash) = 32), -- SHA-256 of the code
    agent_id INTEGER NOT NULL REFERENCES agents (id) ON DELETE CASCADE, -- whose it is
    used_at TEXT NULL -- when it was used, which is possible once (UTC)
) WITHOUT ROWID;
CREATE INDEX agent_recovery_codes_agent_id ON agent_recovery_codes (agent_id);
