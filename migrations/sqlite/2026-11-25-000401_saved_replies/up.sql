CREATE TABLE saved_replies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL, -- whose it is (agents.id); 0 for everybody's
    shortcut TEXT NOT NULL, -- what agents type after a /, in lower case
    title TEXT NULL, -- what the list shows beside it
    text TEXT NOT NULL, -- the words, with placeholders such as {customer.name}
    updated_at TEXT NOT NULL, -- UTC
    UNIQUE (owner_id, shortcut)
);
