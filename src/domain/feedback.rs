//! What customers say of themselves and of how it was.

use super::Refusal;

/// How a customer can be called and reached; `None` where they have not said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// 1–100 characters.
    pub name: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
}

/// How it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// 1 (bad) to 5 (good).
    pub score: u8,
    /// In their own words; may be empty.
    pub comment: String,
}

/// How long a rating may be changed, in hours.
pub const RATING_CHANGES_H: i64 = 24;

impl Contact {
    /// Reads what a customer typed; what is blank counts as not said.
    ///
    /// # Errors
    /// The field that is not as it must be.
    pub fn read(name: Option<&str>, email: Option<&str>) -> Result<Self, Refusal> {
        let said = |typed: Option<&str>| {
            let typed = typed.map(str::trim).filter(|typed| !typed.is_empty());
            typed.map(str::to_owned)
        };
        let (name, email) = (said(name), said(email));
        if name
            .as_ref()
            .is_some_and(|name| name.chars().count() > 100 || name.chars().any(char::is_control))
        {
            let message = "name must have at most 100 characters, none of them a control character";
            return Err(wrong("name", message));
        }
        if email.as_deref().is_some_and(|email| !is_email(email)) {
            let message = "email must be an e-mail address such as ana@example.com";
            return Err(wrong("email", message));
        }
        Ok(Self { name, email })
    }
}

impl Rating {
    /// Checks what a customer gave.
    ///
    /// # Errors
    /// The field that is not as it must be.
    pub fn read(score: i64, comment: &str) -> Result<Self, Refusal> {
        let score = u8::try_from(score)
            .ok()
            .filter(|score| (1..=5).contains(score));
        let score = score.ok_or_else(|| wrong("score", "score must be from 1 to 5"))?;
        let comment = comment.trim().to_owned();
        let odd = |c: char| c.is_control() && c != '\n';
        if comment.chars().count() > 1_000 || comment.chars().any(odd) {
            let message =
                "comment must have at most 1,000 characters, none of them a control character";
            return Err(wrong("comment", message));
        }
        Ok(Self { score, comment })
    }

    /// As it stands in the event: `4/5: Very helpful`.
    pub fn text(&self) -> String {
        let Self { score, comment } = self;
        if comment.is_empty() {
            format!("{score}/5")
        } else {
            format!("{score}/5: {comment}")
        }
    }
}

fn wrong(field: &str, message: &'static str) -> Refusal {
    let mut refusal = Refusal::bad_request(message);
    refusal.field = Some(field.to_owned());
    refusal
}

/// Whether something can be an address at all; whether anybody reads there, only a message tells.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"@".contains(c);
    let labels: Vec<_> = domain.split('.').collect();
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(plain)
        && domain.chars().all(plain)
        && labels.len() >= 2
        && labels.iter().all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_blank_is_not_said() {
        assert_eq!(
            Contact::read(Some(" "), Some("")).unwrap(),
            Contact::default()
        );
        let contact = Contact::read(Some(" 李伟 "), Some(" li@example.cn ")).unwrap();
        assert_eq!(contact.name.as_deref(), Some("李伟"));
        assert_eq!(contact.email.as_deref(), Some("li@example.cn"));
    }

    #[test]
    fn an_address_looks_like_one() {
        for (email, ok) in [
            ("ana@example.com", true),
            ("a.b+c@mail.example.co.uk", true),
            ("用户@例子.公司", true),
            ("ana", false),
            ("ana@example", false),
            ("ana@.com", false),
            ("@example.com", false),
            ("a b@example.com", false),
            ("ana@example.com\nbcc:", false),
            ("Ana <ana@example.com>", false),
        ] {
            let read = Contact::read(None, Some(email));
            assert_eq!(read.is_ok(), ok, "{email}");
            if let Err(refusal) = read {
                assert_eq!(refusal.field.as_deref(), Some("email"));
            }
        }
        assert!(Contact::read(None, Some(&format!("{}@example.com", "a".repeat(65)))).is_err());
        let long = "名".repeat(101);
        assert_eq!(
            Contact::read(Some(&long), None)
                .unwrap_err()
                .field
                .as_deref(),
            Some("name")
        );
    }

    #[test]
    fn a_rating_is_1_to_5_with_a_short_comment() {
        assert_eq!(Rating::read(4, " Good ").unwrap().text(), "4/5: Good");
        assert_eq!(Rating::read(1, "").unwrap().text(), "1/5");
        for score in [0, 6, -1, 260] {
            assert_eq!(
                Rating::read(score, "").unwrap_err().field.as_deref(),
                Some("score")
            );
        }
        let long = "x".repeat(1_001);
        assert_eq!(
            Rating::read(5, &long).unwrap_err().field.as_deref(),
            Some("comment")
        );
    }
}
