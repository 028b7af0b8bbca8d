CREATE TABLE IF NOT EXISTS leases (
    name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'What one process at a time does, such as retention',
    holder CHAR(43) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Which process does it: a random name',
    ends_at DATETIME(3) NOT NULL COMMENT 'Until when it has it, where it does not say so again (UTC)',
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'Which process does what only one of them is to do';
