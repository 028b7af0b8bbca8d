CREATE TABLE IF NOT EXISTS agent_totp (
    agent_id BIGINT NOT NULL COMMENT 'Whose it is (agents.id)',
    seed BINARY(20) NOT NULL COMMENT 'What the secret of their authenticator app is made of, together with KEFU_SECRET_KEY where keyed is 1; the secret itself where it is 0',
    keyed BOOLEAN NOT NULL COMMENT 'Whether KEFU_SECRET_KEY is needed to know the secret',
    last_step BIGINT NOT NULL COMMENT 'The 30 seconds since 1970 of the last code that was used; no code of then or before is taken again',
    created_at DATETIME(3) NOT NULL COMMENT 'When setting it up began (UTC)',
    confirmed_at DATETIME(3) NULL COMMENT 'Since when sign-in asks for a code (UTC); NULL while it is being set up',
    PRIMARY KEY (agent_id),
    CONSTRAINT agent_totp_agent FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Second factors of accounts: authenticator apps (RFC 6238)';
