DROP VIEW transcripts;
