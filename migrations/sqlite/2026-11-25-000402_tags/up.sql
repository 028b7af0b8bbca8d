CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL, -- as whoever used it first wrote it
    folded TEXT NOT NULL UNIQUE, -- the name in lower case, by which tags are told apart
    created_at TEXT NOT NULL -- UTC
);
