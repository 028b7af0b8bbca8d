CREATE TABLE messages (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id), -- where it stands
    seq INTEGER NOT NULL, -- its place there: 1, 2, 3 ... without gaps
    client_id TEXT NULL, -- the key under which the sender's program retries
    kind TEXT NOT NULL, -- text
    sender_role TEXT NOT NULL, -- customer or agent
    sender_id INTEGER NULL, -- customers.id or agents.id, as sender_role says
    text TEXT NOT NULL, -- the words, exactly as sent
    sent_at TEXT NOT NULL, -- UTC
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (conversation_id, client_id)
) WITHOUT ROWID;
CREATE INDEX messages_sent_at ON messages (sent_at);
