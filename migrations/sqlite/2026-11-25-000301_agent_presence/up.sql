CREATE TABLE agent_presence (
    agent_id INTEGER NOT NULL PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    away BOOLEAN NOT NULL DEFAULT FALSE, -- whether they say that they are away: then they are given nothing
    lease_until TEXT NULL, -- until when they count as there (UTC); moved on while they are connected
    last_turn INTEGER NULL -- when the server gave them a conversation last, counted over all agents
);
