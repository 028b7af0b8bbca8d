CREATE TABLE audit_log (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- number of the entry
    at TEXT NOT NULL, -- UTC
    agent_id INTEGER NULL, -- who did it; NULL for a customer, a stranger, and the program itself
    username TEXT NOT NULL, -- their user name as it was then; empty where there is none
    address TEXT NULL, -- from which IP address; NULL for the command line and the program itself
    action TEXT NOT NULL, -- what was done, such as signed_in or settings_changed
    subject_kind TEXT NULL, -- which kind of thing it was done to, such as customer
    subject_id TEXT NULL, -- which one of that kind
    details TEXT NOT NULL -- what else matters, as JSON; never a text, a password or a secret
);
CREATE INDEX audit_log_agent ON audit_log (agent_id, id);
CREATE INDEX audit_log_action ON audit_log (action, id);
CREATE INDEX audit_log_at ON audit_log (at);
CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
