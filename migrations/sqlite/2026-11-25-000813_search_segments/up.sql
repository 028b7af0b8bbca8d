CREATE TABLE search_segments (
    id INTEGER NOT NULL PRIMARY KEY, -- in the order of indexing
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE, -- where it stands
    first_seq INTEGER NOT NULL, -- its first message
    last_seq INTEGER NOT NULL, -- its last message
    UNIQUE (conversation_id, last_seq)
);
