CREATE TABLE IF NOT EXISTS conversations (
    id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Number of the conversation',
    customer_id BIGINT NULL COMMENT 'Whose it is (customers.id); NULL for the one conversation of a shared room',
    current_of BIGINT NULL COMMENT 'The customer whose next message goes here; NULL once closed; 0 for the one conversation of a shared room',
    status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'waiting (no agent has answered), open or closed',
    agent_id BIGINT NULL COMMENT 'Who answered first (agents.id)',
    last_seq BIGINT NOT NULL COMMENT 'Number of its newest message; the counter that numbers them',
    customer_read_seq BIGINT NOT NULL COMMENT 'Up to which message the customer has read',
    agent_read_seq BIGINT NOT NULL COMMENT 'Up to which message the agents have read',
    created_at DATETIME(3) NOT NULL COMMENT 'When it began (UTC)',
    last_message_at DATETIME(3) NOT NULL COMMENT 'When its newest message was stored (UTC)',
    PRIMARY KEY (id),
    UNIQUE KEY conversations_current_of (current_of),
    KEY conversations_customer_id (customer_id),
    KEY conversations_agent_id (agent_id),
    KEY conversations_last_message_at (last_message_at, id),
    CONSTRAINT conversations_customer FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT conversations_agent FOREIGN KEY (agent_id) REFERENCES agents (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Conversations; their messages are in the table messages';
