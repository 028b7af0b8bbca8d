CREATE TABLE IF NOT EXISTS settings (
    section VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'Which part of the settings: look, greeting, hours and so on',
    version BIGINT NOT NULL COMMENT 'How often it has been changed',
    value MEDIUMTEXT NOT NULL COMMENT 'What is set, as JSON; what is missing there is as it is by default',
    changed_at DATETIME(3) NOT NULL COMMENT 'When it was changed last (UTC)',
    changed_by BIGINT NULL COMMENT 'By which admin (agents.id)',
    PRIMARY KEY (section),
    KEY settings_changed_by (changed_by),
    CONSTRAINT settings_agent FOREIGN KEY (changed_by) REFERENCES agents (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'What the business has set; a section that was never changed has no row';
