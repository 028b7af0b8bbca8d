//! CSV for spreadsheets: UTF-8 with a byte order mark, RFC 4180, a row a message. A cell that a spreadsheet would
//! take for a formula begins with an apostrophe.

use super::{About, Exported, Totals};
use crate::domain::{Author, Message, rfc3339};

const COLUMNS: &str = "conversation,began,ended,status,customer,customer name,customer email,customer id on the site,\
                       agent,tags,rating,seq,time,role,who,kind,event,text,file";

/// A cell as it stands between two commas.
pub fn cell(text: &str) -> String {
    // Excel takes these for formulas also after spaces, and other programs with a full-width sign.
    let first = text
        .trim_start_matches([' ', '\u{a0}', '\u{3000}'])
        .chars()
        .next();
    let dangerous = matches!(
        first,
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠')
    );
    let text = if dangerous {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

pub fn begin(out: &mut String) {
    out.push('\u{feff}');
    out.push_str(COLUMNS);
    out.push_str("\r\n");
}

pub fn message(out: &mut String, one: &Exported, message: &Message) {
    let row = &one.row;
    let conversation = &row.listed.conversation;
    let customer = one.customer.as_ref();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let (role, who) = match &message.author {
        Author::Customer { name, .. } => ("customer", name.clone()),
        Author::Agent { name, .. } => ("agent", Some(name.clone())),
        Author::System => ("system", None),
    };
    let tags: Vec<_> = row
        .listed
        .tags
        .iter()
        .map(|tag| tag.name.as_str())
        .collect();
    let cells = [
        conversation.id.to_string(),
        rfc3339(conversation.created_at),
        row.ended_at.map(rfc3339).unwrap_or_default(),
        conversation.status.as_str().to_owned(),
        customer
            .map(|customer| customer.id.to_string())
            .unwrap_or_default(),
        text(customer.and_then(|customer| customer.name.as_deref())),
        text(customer.and_then(|customer| customer.email.as_deref())),
        text(customer.and_then(|customer| customer.external_id.as_deref())),
        text(conversation.agent.as_ref().map(|agent| agent.name.as_str())),
        tags.join(", "),
        row.rating
            .as_ref()
            .map(|rating| rating.score.to_string())
            .unwrap_or_default(),
        message.seq.to_string(),
        rfc3339(message.sent_at),
        role.to_owned(),
        text(who.as_deref()),
        message.kind.as_str().to_owned(),
        text(message.event.as_ref().map(|event| event.name.as_str())),
        message.text.clone(),
        text(message.file.as_ref().map(|file| file.name.as_str())),
    ];
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}

/// The last row says what the file holds.
pub fn end(out: &mut String, about: &About, totals: Totals, sum: &str) {
    let filter: Vec<_> = about
        .filter
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let filter = if filter.is_empty() {
        "everything".to_owned()
    } else {
        filter.join(" ")
    };
    let Totals {
        conversations,
        messages,
    } = totals;
    let said = format!(
        "{filter}; {conversations} conversations, {messages} messages; begun {} by {}; sha256 of all rows above {sum}",
        rfc3339(about.made_at),
        about.by,
    );
    out.push_str("end,,,,,,,,,,,,,,,,,");
    out.push_str(&cell(&said));
    out.push_str(",\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1+1", "'  =1+1"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("你好", "你好"),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn commas_quotes_and_lines_stay_within_their_cell() {
        assert_eq!(cell("a, b"), "\"a, b\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(cell("two\nlines"), "\"two\nlines\"");
        assert_eq!(cell("=a\n"), "\"'=a\n\"");
    }

    #[test]
    fn every_row_has_as_many_cells_as_there_are_columns() {
        let columns = COLUMNS.split(',').count();
        let mut out = String::new();
        let about = About {
            filter: Vec::new(),
            by: "admin".to_owned(),
            made_at: crate::domain::now(),
            language: crate::export::Language::En,
        };
        end(&mut out, &about, Totals::default(), "00");
        let quoted = out.split('"').step_by(2).collect::<String>();
        assert_eq!(quoted.matches(',').count() + 1, columns);
    }
}
