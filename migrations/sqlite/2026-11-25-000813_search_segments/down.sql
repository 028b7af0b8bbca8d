DROP TABLE search_segments;
