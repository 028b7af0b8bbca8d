//! What the index of words is made of: each two characters that stand side by side. That serves Chinese, which
//! has no spaces between words, and parts of words in any other language alike.

use std::collections::BTreeSet;

use super::{SearchWords, search::fold};

/// Two characters side by side, as one number: the first one's in the upper bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gram(pub i64);

/// More than Unicode has.
const BITS: u32 = 21;
/// Of one word that is looked for; more would narrow it no further.
const OF_A_WORD: usize = 12;

/// What a text must have in the index so that it may have a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// All of these.
    All(Vec<Gram>),
    /// One from the first to the last: a single character, whatever follows it.
    OneOf(Gram, Gram),
}

impl Gram {
    fn new(first: char, second: Option<char>) -> Self {
        let second = second.map_or(0, |c| i64::from(u32::from(c)));
        Self((i64::from(u32::from(first)) << BITS) + second)
    }

    /// Adds those of a text. The last character of a word is there with nothing after it.
    pub fn add_all(text: &str, to: &mut BTreeSet<Self>) {
        for word in text.split_whitespace() {
            let mut chars = word.chars().map(fold).peekable();
            while let Some(first) = chars.next() {
                to.insert(Self::new(first, chars.peek().copied()));
            }
        }
    }
}

impl Need {
    /// What each of the words asks for.
    pub fn of(words: &SearchWords) -> Vec<Self> {
        let need = |word: &str| {
            let chars: Vec<char> = word.chars().map(fold).collect();
            if let [only] = chars[..] {
                let last = Gram::new(only, None).0 + (1 << BITS) - 1;
                return Self::OneOf(Gram::new(only, None), Gram(last));
            }
            let pairs = chars
                .windows(2)
                .map(|pair| Gram::new(pair[0], Some(pair[1])));
            let pairs: BTreeSet<_> = pairs.collect();
            Self::All(pairs.into_iter().take(OF_A_WORD).collect())
        };
        words.iter().map(need).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(text: &str) -> BTreeSet<Gram> {
        let mut all = BTreeSet::new();
        Gram::add_all(text, &mut all);
        all
    }

    #[test]
    fn whatever_stands_in_a_text_is_in_its_grams() {
        let text = "我的订单 ЁЖ 100%_off \u{1F600}!\n\"quoted\"";
        let has = grams(text);
        for typed in [
            "订单",
            "单",
            "ёж",
            "%_",
            "%",
            "OFF",
            "\u{1F600}",
            "\u{1F600}!",
            "\"q",
            "d\"",
            "t ed",
        ] {
            for need in Need::of(&SearchWords::read(typed).unwrap()) {
                let met = match &need {
                    Need::All(all) => all.iter().all(|gram| has.contains(gram)),
                    Need::OneOf(first, last) => has.range(first..=last).next().is_some(),
                };
                assert!(met, "{typed}: {need:?}");
            }
        }
    }

    #[test]
    fn words_apart_are_no_word() {
        let need = Need::of(&SearchWords::read("单我").unwrap());
        let Need::All(all) = &need[0] else {
            panic!("{need:?}")
        };
        assert!(!grams("订单 我").contains(&all[0]));
        assert!(grams("").is_empty());
    }
}
