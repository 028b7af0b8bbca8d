ALTER TABLE conversations
    DROP KEY conversations_agent_status,
    DROP COLUMN agent_since;
