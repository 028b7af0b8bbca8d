CREATE TABLE IF NOT EXISTS erasures (
    id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Number of the receipt',
    customer_id BIGINT NOT NULL COMMENT 'Who was erased (customers.id)',
    agent_id BIGINT NOT NULL COMMENT 'Who did it (agents.id)',
    erased_at DATETIME(3) NOT NULL COMMENT 'When (UTC)',
    conversations BIGINT NOT NULL COMMENT 'How many conversations they had',
    messages BIGINT NOT NULL COMMENT 'How many messages those have, all of whose texts are gone',
    files BIGINT NOT NULL COMMENT 'How many files were removed',
    bytes BIGINT NOT NULL COMMENT 'How many bytes those had',
    PRIMARY KEY (id),
    KEY erasures_customer_id (customer_id),
    KEY erasures_agent_id (agent_id),
    CONSTRAINT erasures_customer FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT erasures_agent FOREIGN KEY (agent_id) REFERENCES agents (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Receipts of customers who were erased';
