CREATE TABLE holds (
    conversation_id INTEGER NOT NULL PRIMARY KEY REFERENCES conversations (id), -- which one is kept; it cannot be deleted while this row is there
    reason TEXT NOT NULL, -- why, in the words of whoever did it
    agent_id INTEGER NOT NULL REFERENCES agents (id), -- who did it
    created_at TEXT NOT NULL -- since when; UTC
);
CREATE INDEX holds_agent_id ON holds (agent_id);
