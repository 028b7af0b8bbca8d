CREATE TABLE IF NOT EXISTS blocks (
    id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Number of the block',
    customer_id BIGINT NULL COMMENT 'Who is kept out (customers.id); NULL where it is a network',
    network VARCHAR(49) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'What is kept out, such as 203.0.113.0/24; NULL where it is a customer',
    reason VARCHAR(500) NOT NULL COMMENT 'Why, in the words of whoever did it; customers never see it',
    agent_id BIGINT NOT NULL COMMENT 'Who did it (agents.id)',
    created_at DATETIME(3) NOT NULL COMMENT 'Since when (UTC)',
    ends_at DATETIME(3) NULL COMMENT 'Until when (UTC); NULL is for good',
    lifted_at DATETIME(3) NULL COMMENT 'When it was lifted, or another one took its place (UTC); NULL while neither was',
    lifted_by BIGINT NULL COMMENT 'Who lifted it (agents.id)',
    PRIMARY KEY (id),
    KEY blocks_in_force (lifted_at, ends_at),
    KEY blocks_customer_id (customer_id),
    CONSTRAINT blocks_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE,
    CONSTRAINT blocks_agent FOREIGN KEY (agent_id) REFERENCES agents (id),
    CONSTRAINT blocks_lifted_by FOREIGN KEY (lifted_by) REFERENCES agents (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Customers and networks that are kept out for a time, those of the past too';
