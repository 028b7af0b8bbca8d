CREATE TABLE IF NOT EXISTS agent_sessions (
    token_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of the secret in the login cookie; the secret itself is stored nowhere',
    agent_id BIGINT NOT NULL COMMENT 'Whose login it is (agents.id)',
    created_at DATETIME(3) NOT NULL COMMENT 'When they signed in (UTC)',
    expires_at DATETIME(3) NOT NULL COMMENT 'When the login ends by itself (UTC)',
    PRIMARY KEY (token_hash),
    KEY agent_sessions_agent_id (agent_id),
    KEY agent_sessions_expires_at (expires_at),
    CONSTRAINT agent_sessions_agent FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Logins of agents that have not ended';
