CREATE TABLE ratings (
    conversation_id INTEGER NOT NULL PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE, -- which was rated
    score INTEGER NOT NULL CHECK (score BETWEEN 1 AND 5), -- from 1 (bad) to 5 (good)
    comment TEXT NOT NULL, -- in the words of the customer; may be empty
    rated_at TEXT NOT NULL, -- when it was rated first; UTC
    changed_at TEXT NOT NULL -- when the rating was changed last; UTC
);
