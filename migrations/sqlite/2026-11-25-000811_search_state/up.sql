CREATE TABLE search_state (
    id INTEGER NOT NULL PRIMARY KEY, -- always 1
    next_segment INTEGER NOT NULL, -- number of the next row of search_segments
    caught_up_to TEXT NULL -- what was said up to then is indexed (UTC); NULL until the first build is done
);
