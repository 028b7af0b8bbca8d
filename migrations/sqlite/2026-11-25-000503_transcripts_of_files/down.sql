DROP VIEW transcripts;
CREATE VIEW transcripts AS
SELECT
    m.conversation_id AS conversation,
    m.seq AS seq,
    m.sent_at AS time,
    CASE m.sender_role
        WHEN 'agent' THEN COALESCE(a.name, 'agent ' || m.sender_id)
        WHEN 'system' THEN 'Kefu'
        ELSE COALESCE(c.name, 'customer ' || m.sender_id)
    END AS who,
    m.sender_role AS role,
    m.kind AS kind,
    m.text AS text,
    m.event AS event
FROM messages m
LEFT JOIN customers c ON m.sender_role = 'customer' AND c.id = m.sender_id
LEFT JOIN agents a ON m.sender_role = 'agent' AND a.id = m.sender_id;
