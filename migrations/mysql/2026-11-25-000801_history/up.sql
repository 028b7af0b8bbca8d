ALTER TABLE conversations
    ADD COLUMN first_response_ms BIGINT NULL COMMENT 'Milliseconds from its beginning to the first text or file of an agent; NULL while nobody has answered',
    ADD COLUMN closed_at DATETIME(3) NULL COMMENT 'When it was closed (UTC); NULL while it is not',
    DROP KEY conversations_customer_id,
    DROP KEY conversations_agent_id,
    ADD KEY conversations_created_at (created_at, id),
    ADD KEY conversations_customer_created (customer_id, created_at, id),
    ADD KEY conversations_agent_created (agent_id, created_at, id),
    ADD KEY conversations_status_created (status, created_at, id),
    ADD KEY conversations_closed_at (closed_at, id);
