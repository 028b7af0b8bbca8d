CREATE TABLE IF NOT EXISTS agent_recovery_codes (
    code_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of the code; the code itself is stored nowhere',
    agent_id BIGINT NOT NULL COMMENT 'Whose it is (agents.id)',
    used_at DATETIME(3) NULL COMMENT 'When it was used (UTC), which is possible once; NULL while it was not',
    PRIMARY KEY (code_hash),
    KEY agent_recovery_codes_agent_id (agent_id),
    CONSTRAINT agent_recovery_codes_agent FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Codes that stand in for an authenticator app that is lost';
