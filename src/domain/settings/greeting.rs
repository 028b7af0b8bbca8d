//! What a customer reads before the first message.

use serde::{Deserialize, Serialize};

use super::{Invalid, Section, Words};

/// In each language; what is empty, the page says in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Greeting {
    /// One line in large letters.
    pub title: Words,
    /// What stands below it.
    pub text: Words,
}

impl Section for Greeting {
    fn check(&self) -> Result<(), Invalid> {
        self.title.check("title", 120)?;
        self.text.check("text", 600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_short() {
        let zh = "你好".repeat(60);
        let mut greeting = Greeting::default();
        greeting.title.zh.clone_from(&zh);
        greeting.text.en = "Tea\nand more".to_owned();
        assert_eq!(greeting.check(), Ok(()));
        greeting.title.zh.push('！');
        assert_eq!(greeting.check().unwrap_err().field, "title.zh");
        greeting.title.zh.clear();
        greeting.text.en.push('\u{7}');
        assert_eq!(greeting.check().unwrap_err().field, "text.en");
    }
}
