CREATE TABLE search_grams (
    chunk INTEGER NOT NULL, -- which 4096 segments: search_segments.id divided by that
    gram INTEGER NOT NULL, -- two characters that stand side by side: the first one times 2^21 plus the second, 0 at the end of a word
    places TEXT NOT NULL, -- the segments of the chunk that have them, two signs each
    PRIMARY KEY (chunk, gram)
) WITHOUT ROWID;
