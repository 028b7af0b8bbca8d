CREATE TABLE IF NOT EXISTS agent_presence (
    agent_id BIGINT NOT NULL COMMENT 'Who (agents.id)',
    away BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'Whether they say that they are away: then they are given nothing',
    lease_until DATETIME(3) NULL COMMENT 'Until when they count as there (UTC); moved on while they are connected',
    last_turn BIGINT NULL COMMENT 'When the server gave them a conversation last, counted over all agents: the smaller, the longer ago',
    PRIMARY KEY (agent_id),
    CONSTRAINT agent_presence_agent FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Which agents are there, and available';
