//! One HTML file to read and to print: it needs nothing else, runs no script, and everything that people wrote is
//! text in it.

use std::fmt::Write;

use super::{About, Exported, Language, Totals};
use crate::domain::{Author, Kind, Message, Status, rfc3339};

/// What the page says by itself.
struct Words {
    tag: &'static str,
    title: &'static str,
    filter: &'static str,
    everything: &'static str,
    made: &'static str,
    by: &'static str,
    conversation: &'static str,
    customer: &'static str,
    email: &'static str,
    external_id: &'static str,
    began: &'static str,
    ended: &'static str,
    status: &'static str,
    statuses: [&'static str; 3],
    agent: &'static str,
    tags: &'static str,
    rating: &'static str,
    note: &'static str,
    conversations: &'static str,
    messages: &'static str,
}

const ENGLISH: Words = Words {
    tag: "en",
    title: "Conversations",
    filter: "Filter",
    everything: "everything",
    made: "Made",
    by: "By",
    conversation: "Conversation",
    customer: "Customer",
    email: "E-mail",
    external_id: "Id on the site",
    began: "Began",
    ended: "Ended",
    status: "Status",
    statuses: ["waiting", "open", "closed"],
    agent: "Agent",
    tags: "Tags",
    rating: "Rating",
    note: "note",
    conversations: "Conversations",
    messages: "Messages",
};

const CHINESE: Words = Words {
    tag: "zh-Hans",
    title: "会话记录",
    filter: "筛选",
    everything: "全部",
    made: "导出时间",
    by: "导出人",
    conversation: "会话",
    customer: "客户",
    email: "电子邮箱",
    external_id: "网站用户编号",
    began: "开始",
    ended: "结束",
    status: "状态",
    statuses: ["等待中", "进行中", "已结束"],
    agent: "客服",
    tags: "标签",
    rating: "评价",
    note: "备注",
    conversations: "会话",
    messages: "消息",
};

fn words(about: &About) -> &'static Words {
    match about.language {
        Language::En => &ENGLISH,
        Language::Zh => &CHINESE,
    }
}

const STYLE: &str = "\
:root{color-scheme:light dark;font:15px/1.5 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif}\
body{max-width:50rem;margin:2rem auto;padding:0 1rem}\
section{break-inside:auto;border-top:1px solid #8888;margin-top:2rem;padding-top:1rem}\
h2{font-size:1.1rem;margin:0}dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;margin:.5rem 0 1rem}\
dt{opacity:.7}dd{margin:0}p{margin:.5rem 0;break-inside:avoid}\
.who{font-weight:600}.time{opacity:.7;font-size:.85em}.text{display:block;white-space:pre-wrap;overflow-wrap:anywhere}\
.note{background:#fd03;padding:.25rem .5rem}.event{text-align:center;opacity:.7}footer{margin-top:2rem;opacity:.7}";

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(&mut out, text);
    out
}

fn pair(out: &mut String, name: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<dt>{name}</dt><dd dir=\"auto\">{}</dd>",
        escaped(value)
    );
}

pub fn begin(out: &mut String, about: &About) {
    let words = words(about);
    let filter: Vec<_> = (about.filter.iter())
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let filter = if filter.is_empty() {
        words.everything.to_owned()
    } else {
        filter.join(", ")
    };
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title} · Kefu</title>\
         <style>{STYLE}</style></head><body><h1>{title}</h1><dl>",
        tag = words.tag,
        title = words.title,
    );
    pair(out, words.filter, &filter);
    pair(out, words.made, &rfc3339(about.made_at));
    pair(out, words.by, &about.by);
    out.push_str("</dl>\n");
}

pub fn begin_conversation(out: &mut String, about: &About, one: &Exported) {
    let words = words(about);
    let row = &one.row;
    let conversation = &row.listed.conversation;
    let _ = write!(
        out,
        "<section><h2>{} {}</h2><dl>",
        words.conversation, conversation.id
    );
    if let Some(customer) = one.customer() {
        let known = |text: &Option<String>| text.clone().unwrap_or_default();
        pair(out, words.customer, &known(&customer.name));
        pair(out, words.email, &known(&customer.email));
        pair(out, words.external_id, &known(&customer.external_id));
    }
    pair(out, words.began, &rfc3339(conversation.created_at));
    let ended = row.ended_at.map(rfc3339).unwrap_or_default();
    pair(out, words.ended, &ended);
    let [waiting, open, closed] = words.statuses;
    let status = match conversation.status {
        Status::Waiting => waiting,
        Status::Open => open,
        Status::Closed => closed,
    };
    pair(out, words.status, status);
    let agent = conversation.agent.as_ref().map(|agent| &agent.name);
    pair(out, words.agent, agent.map_or("", String::as_str));
    let tags = row.listed.tags.iter().map(|tag| tag.name.as_str());
    pair(out, words.tags, &tags.collect::<Vec<_>>().join(", "));
    if let Some(rating) = &row.rating {
        let said = format!("{} {}", rating.score, rating.comment);
        pair(out, words.rating, said.trim());
    }
    out.push_str("</dl>\n");
}

pub fn message(out: &mut String, about: &About, message: &Message) {
    let words = words(about);
    let time = rfc3339(message.sent_at);
    if message.kind == Kind::Event {
        let _ = writeln!(
            out,
            "<p class=\"event\">{} <time class=\"time\">{time}</time></p>",
            escaped(&message.text)
        );
        return;
    }
    let who = match &message.author {
        Author::Customer { name, .. } => name.as_deref().unwrap_or(words.customer),
        Author::Agent { name, .. } => name.as_str(),
        Author::System => "Kefu",
    };
    let is_note = message.kind == Kind::Note;
    let _ = write!(
        out,
        "<p{class}><span class=\"who\" dir=\"auto\">{who}</span>{mark} <time class=\"time\">{time}</time>\
         <span class=\"text\" dir=\"auto\">{text}</span>",
        class = if is_note { " class=\"note\"" } else { "" },
        who = escaped(who),
        mark = if is_note {
            format!(" ({})", words.note)
        } else {
            String::new()
        },
        text = escaped(&message.text),
    );
    if let Some(file) = &message.file {
        let _ = write!(
            out,
            "<span class=\"time\">{} · {} · {} bytes</span>",
            escaped(&file.name),
            file.media.as_str(),
            file.size
        );
    }
    out.push_str("</p>\n");
}

pub fn end_conversation(out: &mut String) {
    out.push_str("</section>\n");
}

pub fn end_conversations(out: &mut String, about: &About, totals: Totals) {
    let words = words(about);
    let _ = writeln!(
        out,
        "<footer>{}: {} · {}: {}</footer></body></html>",
        words.conversations, totals.conversations, words.messages, totals.messages
    );
}

/// In a comment, which changes nothing of the page above.
pub fn end(out: &mut String, totals: Totals, sum: &str) {
    let _ = writeln!(
        out,
        "<!-- {} conversations, {} messages; sha256 of all lines above: {sum} -->",
        totals.conversations, totals.messages
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_text() {
        assert_eq!(
            escaped("<script>alert('1')</script> & \"x\""),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;"
        );
    }
}
