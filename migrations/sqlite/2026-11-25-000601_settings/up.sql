CREATE TABLE settings (
    section TEXT NOT NULL PRIMARY KEY, -- which part of the settings: look, greeting, hours and so on
    version INTEGER NOT NULL, -- how often it has been changed
    value TEXT NOT NULL, -- what is set, as JSON; what is missing there is as it is by default
    changed_at TEXT NOT NULL, -- when it was changed last; UTC
    changed_by INTEGER NULL REFERENCES agents (id) ON DELETE SET NULL -- by which admin
) WITHOUT ROWID;
