CREATE TABLE files (
    id TEXT NOT NULL PRIMARY KEY, -- its random name, also in the folder of files
    conversation_id INTEGER NULL, -- the message that it belongs to; NULL while it is uploaded but not posted
    seq INTEGER NULL, -- the message that it belongs to
    customer_token_hash BLOB NULL, -- who uploaded it, as in customers.token_hash
    agent_id INTEGER NULL, -- who uploaded it (agents.id)
    name TEXT NOT NULL, -- what it is called
    size INTEGER NOT NULL, -- bytes
    type TEXT NOT NULL, -- what it is by its content
    width INTEGER NULL, -- of a picture, in pixels
    height INTEGER NULL, -- of a picture, in pixels
    created_at TEXT NOT NULL, -- UTC
    UNIQUE (conversation_id, seq),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages (conversation_id, seq) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX files_customer ON files (customer_token_hash, created_at);
CREATE INDEX files_agent ON files (agent_id, created_at);
