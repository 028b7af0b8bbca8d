CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY, -- what one process at a time does, such as retention
    holder TEXT NOT NULL, -- which process does it: a random name
    ends_at TEXT NOT NULL -- until when it has it, where it does not say so again (UTC)
) WITHOUT ROWID;
