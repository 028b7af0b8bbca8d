CREATE TABLE IF NOT EXISTS search_state (
    id INT NOT NULL COMMENT 'Always 1: there is one row, which whoever indexes locks',
    next_segment BIGINT NOT NULL COMMENT 'Number of the next row of search_segments',
    caught_up_to DATETIME(3) NULL COMMENT 'What was said up to then is indexed (UTC); NULL until the first build is done',
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'How far the index of words has come';
