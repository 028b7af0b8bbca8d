CREATE TABLE conversation_tags (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE, -- which conversation has it
    tag_id INTEGER NOT NULL REFERENCES tags (id),
    agent_id INTEGER NOT NULL, -- who put it there (agents.id)
    created_at TEXT NOT NULL, -- UTC
    PRIMARY KEY (conversation_id, tag_id)
) WITHOUT ROWID;
CREATE INDEX conversation_tags_tag_id ON conversation_tags (tag_id);
