ALTER TABLE audit_log
    MODIFY address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'From which IP address; ''command line'' for what was done there, NULL for the program itself';
