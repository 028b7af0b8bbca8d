CREATE TABLE IF NOT EXISTS search_grams (
    chunk BIGINT NOT NULL COMMENT 'Which 4096 segments: search_segments.id divided by that',
    gram BIGINT NOT NULL COMMENT 'Two characters that stand side by side: the first one times 2^21 plus the second, 0 at the end of a word',
    places VARCHAR(8192) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'The segments of the chunk that have them, two signs each',
    PRIMARY KEY (chunk, gram)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
  COMMENT = 'The index of words';
