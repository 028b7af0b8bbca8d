ALTER TABLE audit_log
    MODIFY address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'From which IP address; NULL for the command line and the program itself';
