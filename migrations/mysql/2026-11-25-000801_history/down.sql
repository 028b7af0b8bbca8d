ALTER TABLE conversations
    ADD KEY conversations_customer_id (customer_id),
    ADD KEY conversations_agent_id (agent_id),
    DROP KEY conversations_created_at,
    DROP KEY conversations_customer_created,
    DROP KEY conversations_agent_created,
    DROP KEY conversations_status_created,
    DROP KEY conversations_closed_at,
    DROP COLUMN first_response_ms,
    DROP COLUMN closed_at;
