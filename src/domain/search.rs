//! What agents search for, and how a hit is shown.

use super::{Kind, Listed, Refusal, Seq, Timestamp};

/// The words to look for, all of which a text or a name must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchWords(Vec<String>);

impl SearchWords {
    const CHARS: usize = 100;
    const WORDS: usize = 5;
    /// What can be searched for.
    pub const ALLOWED: &str =
        "1 to 5 words of at most 100 characters together, none of them U+0000";

    /// Reads what somebody typed. A single Chinese character is a word like any other.
    ///
    /// # Errors
    /// [`Code::BadRequest`](super::Code::BadRequest).
    pub fn read(typed: &str) -> Result<Self, Refusal> {
        let words: Vec<_> = typed.split_whitespace().map(str::to_owned).collect();
        let fits = (1..=Self::WORDS).contains(&words.len()) && typed.chars().count() <= Self::CHARS;
        if !fits || typed.contains('\0') {
            return Err(Refusal::bad_request(
                "q must have 1 to 5 words and at most 100 characters, none of them U+0000",
            ));
        }
        Ok(Self(words))
    }

    /// The words.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a text has all the words, upper and lower case alike: a database takes more for the same, or
    /// less, as its collation has it; to some of MySQL's all emoji are one.
    pub fn are_in(&self, text: &str) -> bool {
        let folded: String = text.chars().map(fold).collect();
        let mut words = self.iter();
        words.all(|word| folded.contains(&word.chars().map(fold).collect::<String>()))
    }
}

/// A conversation that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which.
    pub conversation: Listed,
    /// The message that has the words; `None`: the customer's name or e-mail has them.
    pub message: Option<HitMessage>,
    /// What was found, around the words.
    pub excerpt: Vec<Piece>,
}

/// Where a hit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HitMessage {
    /// Its place in the conversation.
    pub seq: Seq,
    /// What it is.
    pub kind: Kind,
    /// When it was stored.
    pub sent_at: Timestamp,
}

/// A part of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// As it stands in the text, with white space in one line.
    pub text: String,
    /// It is one of the words.
    pub hit: bool,
}

/// Characters of an excerpt, and of them before the first hit.
const EXCERPT_CHARS: usize = 120;
const BEFORE_CHARS: usize = 24;

/// What stands around the first of the words, with all of them marked that it has.
pub fn excerpt(text: &str, words: &SearchWords) -> Vec<Piece> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let chars: Vec<char> = line.chars().collect();
    let folded: Vec<char> = chars.iter().copied().map(fold).collect();
    let mut is_hit = vec![false; chars.len()];
    for word in words.iter() {
        let word: Vec<char> = word.chars().map(fold).collect();
        let places = folded.windows(word.len()).enumerate();
        for (at, _) in places.filter(|(_, window)| *window == word) {
            is_hit[at..at + word.len()].fill(true);
        }
    }
    let first = is_hit.iter().position(|hit| *hit).unwrap_or(0);
    let from = if chars.len() <= EXCERPT_CHARS {
        0
    } else {
        first.saturating_sub(BEFORE_CHARS)
    };
    let to = chars.len().min(from + EXCERPT_CHARS);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |c: char, hit: bool| match pieces.last_mut() {
        Some(piece) if piece.hit == hit => piece.text.push(c),
        _ => pieces.push(Piece {
            text: c.to_string(),
            hit,
        }),
    };
    if from > 0 {
        push('…', false);
    }
    for at in from..to {
        push(chars[at], is_hit[at]);
    }
    if to < chars.len() {
        push('…', false);
    }
    pieces
}

/// Upper and lower case alike, one for one.
pub(super) fn fold(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, typed: &str) -> String {
        let words = SearchWords::read(typed).unwrap();
        let pieces = excerpt(text, &words).into_iter();
        pieces
            .map(|piece| {
                if piece.hit {
                    format!("[{}]", piece.text)
                } else {
                    piece.text
                }
            })
            .collect()
    }

    #[test]
    fn every_hit_is_marked_in_either_case_and_in_chinese() {
        for (text, typed, expected) in [
            ("My Refund, refund!", "refund", "My [Refund], [refund]!"),
            ("我的订单什么时候发货？", "订单", "我的[订单]什么时候发货？"),
            ("我的订单", "单", "我的订[单]"),
            ("a b", "b a", "[a] [b]"),
            ("aaa", "aa", "[aaa]"),
            ("<b>x</b> & \"y\"", "<b>", "[<b>]x</b> & \"y\""),
            ("line\none\t two", "one", "line [one] two"),
            ("nothing here", "straße", "nothing here"),
            ("ЁЖ", "ёж", "[ЁЖ]"),
            ("100% sure", "100%", "[100%] sure"),
            ("", "x", ""),
        ] {
            assert_eq!(marked(text, typed), expected);
        }
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_hit() {
        let text = format!("{} 订单 {}", "前".repeat(500), "后".repeat(500));
        let expected = format!("…{} [订单] {}…", "前".repeat(23), "后".repeat(93));
        assert_eq!(marked(&text, "订单"), expected);
        assert!(marked(&"x".repeat(121), "y").ends_with("x…"));
    }

    #[test]
    fn what_can_be_searched_for() {
        assert_eq!(SearchWords::read(" a  单 ").unwrap().0, ["a", "单"]);
        for bad in ["", "  ", "1 2 3 4 5 6", "a\0", &"x".repeat(101)] {
            assert!(SearchWords::read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn one_emoji_is_not_another_and_an_accent_counts() {
        let words = SearchWords::read("😀 x").unwrap();
        assert!(words.are_in("X 😀"));
        assert!(!words.are_in("a 🎉 x"));
        assert!(!SearchWords::read("cafe").unwrap().are_in("Café"));
        assert!(SearchWords::read("ёж").unwrap().are_in("ЁЖИК"));
    }
}
