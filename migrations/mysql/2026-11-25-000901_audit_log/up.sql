CREATE TABLE IF NOT EXISTS audit_log (
    id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Number of the entry',
    at DATETIME(3) NOT NULL COMMENT 'When (UTC)',
    agent_id BIGINT NULL COMMENT 'Who did it (agents.id); NULL for a customer, a stranger, and the program itself',
    username VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'Their user name as it was then; empty where there is none',
    address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'From which IP address; NULL for the command line and the program itself',
    action VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'What was done, such as signed_in or settings_changed',
    subject_kind VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'Which kind of thing it was done to, such as customer; NULL where there is none',
    subject_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL COMMENT 'Which one of that kind',
    details TEXT NOT NULL COMMENT 'What else matters, as JSON; never a text, a password or a secret',
    PRIMARY KEY (id),
    KEY audit_log_agent (agent_id, id),
    KEY audit_log_action (action, id),
    KEY audit_log_at (at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Who signed in, read, exported, erased and changed what; rows are only ever added';
