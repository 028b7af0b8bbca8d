ALTER TABLE conversations
    ADD COLUMN agent_since DATETIME(3) NULL COMMENT 'Since when agent_id has had it (UTC); NULL while nobody has, and for one from before this was kept',
    ADD KEY conversations_agent_status (agent_id, status);
