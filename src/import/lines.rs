//! The lines of an export (docs/EXPORT.md), read strictly: whatever the database could not hold as it is, or
//! would mean something else here, is refused with what it must be.

use std::fmt::Display;

use chrono::{DateTime, Datelike, SubsecRound};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    config,
    domain::{
        AgentId, Channel, ClientId, ConversationId, CustomerDetails, CustomerId, CustomerKey,
        EventName, File, FileId, Kind, Media, Pixels, Rating, ReadMarks, Seq, Status, TagName,
        Timestamp, Unread,
    },
    export,
    store::{ImportAgent, ImportAuthor, ImportConversation, ImportMessage},
};

/// What a line says.
pub enum Line {
    /// What the export is.
    Export,
    /// A conversation; its messages follow.
    Conversation(Box<ImportConversation>),
    /// A message of the conversation before it.
    Message(ConversationId, Box<ImportMessage>),
    /// That it is whole.
    End {
        /// Messages in all.
        messages: u64,
        /// Of everything before.
        sha256: String,
    },
}

impl Line {
    /// Reads a line, which belongs to the customer of the conversation before it.
    ///
    /// # Errors
    /// What it must be.
    pub fn read(text: &str, of: Option<CustomerId>) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| plain(&error))?;
        match value["type"].as_str() {
            Some("export") => export(&value),
            Some("conversation") => conversation(from(value)?),
            Some("message") => message(from(value)?, of),
            Some("end") => {
                let EndLine { messages, sha256 } = from(value)?;
                Ok(Self::End { messages, sha256 })
            }
            _ => Err("type must be export, conversation, message or end".to_owned()),
        }
    }
}

fn from<'de, T: Deserialize<'de>>(value: Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| plain(&error))
}

/// Without the place in the line, which reads like the number of a line.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("it is no line of an export: {what}")
}

fn export(value: &Value) -> Result<Line, String> {
    let known = export::VERSION;
    match value["version"].as_u64() {
        Some(version) if version == u64::from(known) => Ok(Line::Export),
        Some(version) if version > u64::from(known) => Err(format!(
            "version is {version}; this program knows {known}: use a newer one"
        )),
        _ => Err(format!("version must be {known}")),
    }
}

#[derive(Deserialize)]
struct EndLine {
    messages: u64,
    sha256: String,
}

#[derive(Deserialize)]
struct ConversationLine {
    id: ConversationId,
    status: Status,
    channel: Channel,
    created_at: String,
    waiting_since: Option<String>,
    agent_since: Option<String>,
    ended_at: Option<String>,
    first_response_ms: Option<i64>,
    customer: Option<CustomerLine>,
    agent: Option<AgentLine>,
    read: Sides<Seq>,
    unread: Sides<i64>,
    tagged: Vec<TagLine>,
    rating: Option<RatingLine>,
}

#[derive(Deserialize)]
struct CustomerLine {
    id: CustomerId,
    key: String,
    name: Option<String>,
    email: Option<String>,
    external_id: Option<String>,
    page: Option<String>,
    language: Option<String>,
    user_agent: Option<String>,
    attributes: Option<Value>,
    created_at: String,
}

#[derive(Deserialize)]
struct AgentLine {
    id: AgentId,
    username: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Sides<T> {
    customer: T,
    agent: T,
}

#[derive(Deserialize)]
struct TagLine {
    name: String,
    by: AgentLine,
    at: String,
}

#[derive(Deserialize)]
struct RatingLine {
    score: i64,
    comment: String,
    rated_at: String,
    changed_at: String,
}

#[derive(Deserialize)]
struct MessageLine {
    conversation: ConversationId,
    seq: Seq,
    client_id: Option<String>,
    kind: String,
    event: Option<EventLine>,
    file: Option<FileLine>,
    from: FromLine,
    text: String,
    sent_at: String,
}

#[derive(Deserialize)]
struct EventLine {
    name: EventName,
    agent: Option<AgentLine>,
}

#[derive(Deserialize)]
struct FileLine {
    id: String,
    name: String,
    size: u64,
    r#type: String,
    width: Option<u32>,
    height: Option<u32>,
}

#[derive(Deserialize)]
struct FromLine {
    role: String,
    id: Option<String>,
    username: Option<String>,
    name: Option<String>,
}

fn must(name: impl Display, be: impl Display) -> String {
    format!("{name} must be {be}")
}

/// A number that this program gives and browsers can hold.
fn number(name: &str, id: i64) -> Result<i64, String> {
    match id {
        1..=9_007_199_254_740_991 => Ok(id),
        _ => Err(must(name, "at most 9007199254740991")),
    }
}

fn time(name: &str, text: &str) -> Result<Timestamp, String> {
    let at = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc().trunc_subsecs(3));
    // The years that both engines know.
    let at = at.ok().filter(|at| (1970..=9998).contains(&at.year()));
    at.ok_or_else(|| must(name, "a time such as 2026-11-23T08:00:00.000Z"))
}

fn times(name: &str, text: Option<&String>) -> Result<Option<Timestamp>, String> {
    text.map(|text| time(name, text)).transpose()
}

/// What the column holds.
fn fits(name: &str, text: Option<String>, chars: usize) -> Result<Option<String>, String> {
    match &text {
        Some(text) if text.chars().count() > chars => {
            Err(format!("{name} must have at most {chars} characters"))
        }
        _ => Ok(text),
    }
}

fn count(name: &str, count: i64) -> Result<i64, String> {
    match count {
        0.. => Ok(count),
        _ => Err(must(name, "0 or more")),
    }
}

fn agent(name: &str, line: AgentLine) -> Result<ImportAgent, String> {
    let AgentLine {
        id,
        username,
        name: called,
    } = line;
    number(&format!("{name}.id"), id.0)?;
    // Whose account somebody has removed from the table is still somebody.
    let username = username.unwrap_or_else(|| format!("agent-{id}"));
    let allowed = "a user name: 1 to 64 of a-z 0-9 . _ - @";
    let known = config::username(&username).filter(|known| *known == username);
    let username = known.ok_or_else(|| must(format!("{name}.username"), allowed))?;
    let called = fits(&format!("{name}.name"), called, 200)?;
    Ok(ImportAgent {
        id,
        name: called.unwrap_or_else(|| username.clone()),
        username,
    })
}

fn customer(line: CustomerLine) -> Result<(CustomerDetails, CustomerKey), String> {
    let key = export::unhex(&line.key).and_then(|bytes| bytes.try_into().ok());
    let key = key.ok_or_else(|| must("customer.key", "64 hexadecimal digits"))?;
    let attributes = match line.attributes {
        None | Some(Value::Null) => None,
        Some(object @ Value::Object(_)) => Some(object.to_string()),
        Some(_) => return Err(must("customer.attributes", "an object or null")),
    };
    if attributes.as_ref().is_some_and(|json| json.len() > 65_535) {
        return Err(must("customer.attributes", "at most 65535 bytes"));
    }
    number("customer.id", line.id.0)?;
    let details = CustomerDetails {
        id: line.id,
        name: fits("customer.name", line.name, 200)?,
        email: fits("customer.email", line.email, 254)?,
        external_id: fits("customer.external_id", line.external_id, 255)?,
        page: fits("customer.page", line.page, 2_000)?,
        language: fits("customer.language", line.language, 35)?,
        user_agent: fits("customer.user_agent", line.user_agent, 300)?,
        attributes,
        created_at: time("customer.created_at", &line.created_at)?,
    };
    Ok((details, CustomerKey(key)))
}

fn conversation(line: ConversationLine) -> Result<Line, String> {
    number("id", line.id.0)?;
    let whose = line.customer.ok_or(
        "the conversation of a shared room cannot be imported; kefu backup and kefu restore take it along",
    )?;
    let (customer, key) = customer(whose)?;
    let agent_of = line.agent.map(|one| agent("agent", one)).transpose()?;
    let waiting_since = times("waiting_since", line.waiting_since.as_ref())?;
    if (line.status == Status::Waiting) != waiting_since.is_some() {
        return Err(
            "waiting_since must be a time where status is waiting, and null elsewhere".to_owned(),
        );
    }
    let mut tags = Vec::new();
    for tag in line.tagged {
        let name =
            TagName::read(&tag.name).map_err(|refusal| format!("tagged: {}", refusal.message))?;
        let at = time("tagged.at", &tag.at)?;
        tags.push((name, agent("tagged.by", tag.by)?, at));
    }
    let rating = line.rating.map(|line| {
        let RatingLine {
            score,
            comment,
            rated_at,
            changed_at,
        } = line;
        let score = u8::try_from(score)
            .ok()
            .filter(|score| (1..=5).contains(score));
        let score = score.ok_or_else(|| must("rating.score", "from 1 to 5"))?;
        if comment.len() > 65_535 {
            return Err(must("rating.comment", "at most 65535 bytes"));
        }
        let first = time("rating.rated_at", &rated_at)?;
        Ok((
            Rating { score, comment },
            first,
            time("rating.changed_at", &changed_at)?,
        ))
    });
    Ok(Line::Conversation(Box::new(ImportConversation {
        id: line.id,
        customer,
        key,
        status: line.status,
        channel: line.channel,
        agent: agent_of,
        agent_since: times("agent_since", line.agent_since.as_ref())?,
        waiting_since,
        created_at: time("created_at", &line.created_at)?,
        closed_at: times("ended_at", line.ended_at.as_ref())?,
        first_response_ms: line
            .first_response_ms
            .map(|ms| count("first_response_ms", ms))
            .transpose()?,
        read: ReadMarks {
            customer: Seq(count("read.customer", line.read.customer.0)?),
            agent: Seq(count("read.agent", line.read.agent.0)?),
        },
        unread: Unread {
            customer: count("unread.customer", line.unread.customer)?,
            agent: count("unread.agent", line.unread.agent)?,
        },
        tags,
        rating: rating.transpose()?,
    })))
}

fn message(line: MessageLine, of: Option<CustomerId>) -> Result<Line, String> {
    let kind = Kind::parse(&line.kind);
    let kind = kind.ok_or_else(|| must("kind", "text, file, note or event"))?;
    let client_id = line.client_id.map(|id| {
        let allowed = "1 to 64 of A-Z a-z 0-9 _ -, or null";
        ClientId::parse(&id).ok_or_else(|| must("client_id", allowed))
    });
    if (kind == Kind::Event) != line.event.is_some() {
        return Err("event must be there where kind is event, and nowhere else".to_owned());
    }
    let event = line.event.map(|event| {
        let about = event.agent.map(|one| agent("event.agent", one));
        Ok::<_, String>((event.name, about.transpose()?))
    });
    if line.file.is_some() && !matches!(kind, Kind::File | Kind::Note) {
        return Err("file must not be there where kind is neither file nor note".to_owned());
    }
    if line.text.len() > 4_000_000 {
        return Err(must("text", "at most 4000000 bytes"));
    }
    Ok(Line::Message(
        line.conversation,
        Box::new(ImportMessage {
            seq: line.seq,
            client_id: client_id.transpose()?,
            kind,
            from: author(line.from, of)?,
            event: event.transpose()?,
            file: line.file.map(file).transpose()?,
            text: line.text,
            sent_at: time("sent_at", &line.sent_at)?,
        }),
    ))
}

fn author(line: FromLine, of: Option<CustomerId>) -> Result<ImportAuthor, String> {
    let FromLine {
        role,
        id,
        username,
        name,
    } = line;
    let wrong = || must("from.id", "that of the conversation's customer");
    match role.as_str() {
        "customer" => {
            let id = id.and_then(|id| id.parse().ok());
            (id.is_some() && id == of)
                .then_some(ImportAuthor::Customer)
                .ok_or_else(wrong)
        }
        "agent" => {
            let id = id.and_then(|id| id.parse().ok());
            let id = id.ok_or_else(|| must("from.id", "the number of an account"))?;
            agent("from", AgentLine { id, username, name }).map(ImportAuthor::Agent)
        }
        "system" => Ok(ImportAuthor::System),
        _ => Err(must("from.role", "customer, agent or system")),
    }
}

fn file(line: FileLine) -> Result<File, String> {
    let id = FileId::parse(&line.id).ok_or_else(|| must("file.id", "the name of a file"))?;
    if i64::try_from(line.size).is_err() {
        return Err(must("file.size", "a number of bytes"));
    }
    let name = fits("file.name", Some(line.name), 160)?.unwrap_or_default();
    let pixels = line.width.zip(line.height);
    Ok(File {
        id,
        name,
        size: line.size,
        media: Media::parse(&line.r#type),
        pixels: pixels.map(|(width, height)| Pixels { width, height }),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random;

    fn sample() -> Vec<String> {
        let page = include_str!("../../docs/EXPORT.md");
        let sample = page.split("```json\n").nth(1).unwrap();
        let sample = sample.split("```").next().unwrap();
        sample.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_page_shows_what_is_read() {
        let of = Some(CustomerId(7));
        let sample = sample();
        let read: Vec<_> = sample
            .iter()
            .map(|line| Line::read(line, of).map_err(|why| (why, line)))
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(read.len(), 6);
        assert!(matches!(&read[1], Line::Conversation(one) if one.rating.is_some()));
        assert!(matches!(&read[4], Line::Message(_, one) if one.file.is_some()));
        assert!(matches!(&read[5], Line::End { messages: 3, .. }));
        let another = Line::read(&sample[2], Some(CustomerId(8)));
        assert!(another.is_err());
    }

    proptest! {
        #![proptest_config(random::cases(1_000))]

        #[test]
        fn any_line_is_read_or_said_to_be_wrong(
            line in prop_oneof![
                1 => any::<String>(),
                1 => random::json(&["type", "version", "messages", "sha256"]),
                4 => random::spoilt(sample()),
            ],
            value in random::json(&["id", "name"]),
            at: proptest::sample::Index,
        ) {
            let read = |line: &str| match Line::read(line, Some(CustomerId(7))) {
                Ok(Line::Message(_, one)) => assert!((1970..=9998).contains(&one.sent_at.year())),
                Ok(_) => {}
                Err(why) => assert!(!why.is_empty()),
            };
            read(&line);
            // Another value in one place.
            let good = sample();
            let mut good: Value = serde_json::from_str(&good[at.index(good.len())]).unwrap();
            let mut places = Vec::new();
            random::places_of(&good, String::new(), &mut places);
            if let Ok(value) = serde_json::from_str(&value) {
                *good.pointer_mut(&places[at.index(places.len())]).unwrap() = value;
            }
            read(&good.to_string());
        }
    }
}
