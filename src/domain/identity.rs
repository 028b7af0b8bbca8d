//! Whom the host site says that its visitor is: a JWT (RFC 7519) signed with HS256 (RFC 7515, 7518 §3.2) by a
//! secret that only the site's server and this one have. Pure functions; nothing of a token is believed before
//! its signature is.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Code, Refusal, Timestamp};

/// Bytes of a secret, at least: as many as the hash has (RFC 7518 §3.2).
pub const SECRET_BYTES: usize = 32;
/// Bytes of a whole token.
const TOKEN_BYTES: usize = 16 << 10;
/// How far two clocks may be apart.
const SKEW_S: i64 = 60;
/// How long a token may be good for: it can be taken from a page, and is refused only after a logout.
const LONGEST_S: i64 = 24 * 60 * 60;
/// Characters of `sub`.
const SUBJECT_CHARS: usize = 255;
/// Characters of a name.
const NAME_CHARS: usize = 100;
/// Characters of an e-mail address (RFC 5321 §4.5.3.1).
const EMAIL_CHARS: usize = 254;
/// Entries of `attributes`, characters of a key and of a text in it, and bytes of all of it.
const ATTRIBUTES: (usize, usize, usize, usize) = (50, 64, 500, 8 << 10);

/// A secret that the host site signs with. Never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentitySecret(Vec<u8>);

impl IdentitySecret {
    /// `None` for one that is too short to be worth signing with.
    pub fn new(secret: &str) -> Option<Self> {
        (secret.len() >= SECRET_BYTES).then(|| Self(secret.as_bytes().to_vec()))
    }
}

impl std::fmt::Debug for IdentitySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdentitySecret(…)")
    }
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who it is on the host site.
    pub subject: String,
    /// How they are called.
    pub name: Option<String>,
    /// Where they can be reached.
    pub email: Option<String>,
    /// What else the site says: an object of texts, numbers, truth values and nulls, as JSON.
    pub attributes: Option<String>,
    /// SHA-256 of what was signed: names this token and no other.
    pub hash: [u8; 32],
}

/// Reads a token that one of these secrets has signed.
///
/// # Errors
/// [`Code::IdentityInvalid`] for what is no such token, [`Code::IdentitySignature`],
/// [`Code::IdentityExpired`].
pub fn verify(token: &str, secrets: &[IdentitySecret], now: Timestamp) -> Result<Claims, Refusal> {
    if token.len() > TOKEN_BYTES {
        return Err(invalid(format!("it may have {TOKEN_BYTES} bytes")));
    }
    let (signed, signature) = token
        .rsplit_once('.')
        .ok_or_else(|| invalid("it has no signature"))?;
    let (header, payload) = signed
        .split_once('.')
        .filter(|(_, payload)| !payload.contains('.'))
        .ok_or_else(|| invalid("it must have three parts"))?;
    // One algorithm, ours: what a token says of itself chooses nothing.
    let header = object(header, "header")?;
    if header.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err(invalid("alg must be HS256"));
    }
    if header.contains_key("crit") {
        return Err(invalid("crit asks for what is not known here"));
    }
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| invalid("its signature is not base64url"))?;
    if !secrets
        .iter()
        .any(|secret| is_signed(signed, &signature, secret))
    {
        let message = "the token is not signed with the secret of this server";
        return Err(Refusal::new(Code::IdentitySignature, message));
    }
    let payload = object(payload, "payload")?;
    check_times(&payload, now.timestamp())?;
    Ok(Claims {
        subject: subject(&payload)?,
        name: text(&payload, "name", NAME_CHARS)?,
        email: email(&payload)?,
        attributes: attributes(&payload)?,
        hash: Sha256::digest(signed.as_bytes()).into(),
    })
}

fn invalid(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(
        Code::IdentityInvalid,
        format!("the token cannot be used: {why}"),
    )
}

fn object(part: &str, name: &str) -> Result<Map<String, Value>, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok();
    let value = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match value {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(invalid(format!(
            "its {name} is not a JSON object in base64url"
        ))),
    }
}

/// Takes as long wherever the first difference is.
fn is_signed(signed: &str, signature: &[u8], secret: &IdentitySecret) -> bool {
    // HMAC takes keys of any length.
    Hmac::<Sha256>::new_from_slice(&secret.0)
        .is_ok_and(|mac| mac.chain_update(signed).verify_slice(signature).is_ok())
}

fn check_times(payload: &Map<String, Value>, now: i64) -> Result<(), Refusal> {
    let expires = seconds(payload, "exp")?.ok_or_else(|| invalid("exp is missing"))?;
    if expires <= now.saturating_sub(SKEW_S) {
        let message = "the token has expired; ask the site for a new one";
        return Err(Refusal::new(Code::IdentityExpired, message));
    }
    if expires > now.saturating_add(LONGEST_S + SKEW_S) {
        return Err(invalid(format!(
            "exp may be at most {} hours from now",
            LONGEST_S / 3_600
        )));
    }
    for claim in ["nbf", "iat"] {
        if seconds(payload, claim)?.is_some_and(|at| at > now.saturating_add(SKEW_S)) {
            return Err(invalid(format!("{claim} is still to come")));
        }
    }
    Ok(())
}

/// A `NumericDate` (RFC 7519 §2), in whole seconds.
fn seconds(payload: &Map<String, Value>, claim: &str) -> Result<Option<i64>, Refusal> {
    let Some(value) = payload.get(claim) else {
        return Ok(None);
    };
    let whole = value.as_i64();
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the cast keeps to the limits of i64, which are far from any date"
    )]
    let rounded = || value.as_f64().map(|at| at.floor() as i64);
    whole
        .or_else(rounded)
        .map(Some)
        .ok_or_else(|| invalid(format!("{claim} must be a number of seconds since 1970")))
}

fn subject(payload: &Map<String, Value>) -> Result<String, Refusal> {
    let subject = text(payload, "sub", SUBJECT_CHARS)?;
    subject.ok_or_else(|| invalid("sub is missing"))
}

/// A text without white space around it; an empty one is none.
fn text(payload: &Map<String, Value>, claim: &str, most: usize) -> Result<Option<String>, Refusal> {
    let value = match payload.get(claim) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim(),
        Some(_) => return Err(invalid(format!("{claim} must be a text"))),
    };
    if value.chars().count() > most || value.chars().any(char::is_control) {
        return Err(invalid(format!(
            "{claim} may have {most} characters, none of them a control character"
        )));
    }
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

fn email(payload: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let email = text(payload, "email", EMAIL_CHARS)?;
    let plausible = |email: &String| {
        let parts = email.rsplit_once('@');
        parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
            && !email.contains(char::is_whitespace)
    };
    match email {
        Some(email) if !plausible(&email) => Err(invalid("email is no address")),
        email => Ok(email),
    }
}

fn attributes(payload: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let (most, key_chars, text_chars, bytes) = ATTRIBUTES;
    let object = match payload.get("attributes") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(object)) => object,
        Some(_) => return Err(invalid("attributes must be an object")),
    };
    let plain = |text: &str, most| text.chars().count() <= most && !text.contains('\0');
    for (key, value) in object {
        let fits = match value {
            Value::String(text) => plain(text, text_chars),
            Value::Number(_) | Value::Bool(_) | Value::Null => true,
            Value::Array(_) | Value::Object(_) => false,
        };
        if key.is_empty() || !plain(key, key_chars) || !fits {
            return Err(invalid(format!(
                "attributes may have keys of {key_chars} characters, and texts of {text_chars}, \
                 numbers, truth values and nulls"
            )));
        }
    }
    let json = Value::Object(object.clone()).to_string();
    if object.len() > most || json.len() > bytes {
        return Err(invalid(format!(
            "attributes may have {most} entries and {bytes} bytes"
        )));
    }
    Ok(Some(json))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{domain::now, random};

    const SECRET: &str = "a secret of the shop, long enough";
    const OTHER: &str = "another secret, and long enough too";

    fn encode(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn mac(signed: &str, secret: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        URL_SAFE_NO_PAD.encode(mac.chain_update(signed).finalize().into_bytes())
    }

    fn signed_as(header: &Value, payload: &Value, secret: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(payload));
        let mac = mac(&signed, secret);
        format!("{signed}.{mac}")
    }

    fn signed(payload: &Value) -> String {
        signed_as(&json!({"alg": "HS256", "typ": "JWT"}), payload, SECRET)
    }

    fn check(token: &str) -> Result<Claims, Code> {
        let secrets = [OTHER, SECRET].map(|secret| IdentitySecret::new(secret).unwrap());
        verify(token, &secrets, now()).map_err(|refusal| refusal.code)
    }

    fn soon() -> i64 {
        now().timestamp() + 600
    }

    /// RFC 7515, appendix A.1: the signature, and everything up to its time, which is long over.
    #[test]
    fn the_example_of_the_rfc_is_signed_and_expired() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
            eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
            dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let secret = IdentitySecret(URL_SAFE_NO_PAD.decode(key).unwrap());
        let refused = verify(token, std::slice::from_ref(&secret), now()).unwrap_err();
        assert_eq!(refused.code, Code::IdentityExpired);
        let then = chrono::DateTime::from_timestamp(1_300_819_000, 0).unwrap();
        let refused = verify(token, &[secret], then).unwrap_err();
        assert!(refused.message.contains("sub is missing"), "{refused}");
    }

    #[test]
    fn what_the_site_signs_is_believed() {
        let claims = check(&signed(&json!({
            "sub": "客户-42", "exp": soon(), "iat": now().timestamp(), "name": " 李伟 ",
            "email": "li@shop.example", "attributes": {"plan": "gold", "orders": 3, "vip": true, "x": null},
        })))
        .unwrap();
        assert_eq!(claims.subject, "客户-42");
        assert_eq!(claims.name.as_deref(), Some("李伟"));
        assert_eq!(claims.email.as_deref(), Some("li@shop.example"));
        let attributes: Value = serde_json::from_str(&claims.attributes.unwrap()).unwrap();
        assert_eq!(
            attributes,
            json!({"plan": "gold", "orders": 3, "vip": true, "x": null})
        );
        // Only what has to be there.
        let claims = check(&signed(&json!({"sub": "42", "exp": soon()}))).unwrap();
        assert_eq!(
            (claims.name, claims.email, claims.attributes),
            (None, None, None)
        );
    }

    #[test]
    fn either_of_two_secrets_will_do_and_no_third() {
        let payload = json!({"sub": "42", "exp": soon()});
        let header = json!({"alg": "HS256"});
        for secret in [SECRET, OTHER] {
            assert!(check(&signed_as(&header, &payload, secret)).is_ok());
        }
        let third = signed_as(&header, &payload, "a third secret, and long enough too");
        assert_eq!(check(&third), Err(Code::IdentitySignature));
        let one = [IdentitySecret::new(SECRET).unwrap()];
        assert!(verify(&signed(&payload), &one, now()).is_ok());
        assert!(
            verify(&signed(&payload), &[], now()).is_err(),
            "no secret, nobody"
        );
        assert_eq!(IdentitySecret::new("31 bytes are not enough to sign"), None);
    }

    #[test]
    fn no_other_algorithm_is_taken_whatever_the_token_says() {
        let payload = json!({"sub": "42", "exp": soon()});
        for alg in ["none", "None", "RS256", "HS384", "hs256", ""] {
            for secret in [SECRET, ""] {
                let token = signed_as(&json!({"alg": alg}), &payload, secret);
                assert_eq!(check(&token), Err(Code::IdentityInvalid), "{alg}");
            }
            let unsigned = format!("{}.{}.", encode(&json!({"alg": alg})), encode(&payload));
            assert_eq!(check(&unsigned), Err(Code::IdentityInvalid), "{alg}");
        }
        let crit = json!({"alg": "HS256", "crit": ["b64"], "b64": false});
        assert_eq!(
            check(&signed_as(&crit, &payload, SECRET)),
            Err(Code::IdentityInvalid)
        );
        let unsigned = format!("{}.{}.", encode(&json!({"alg": "HS256"})), encode(&payload));
        assert_eq!(check(&unsigned), Err(Code::IdentitySignature));
    }

    #[test]
    fn what_was_changed_after_it_was_signed_is_refused() {
        let token = signed(&json!({"sub": "42", "exp": soon()}));
        let parts: Vec<_> = token.split('.').collect();
        let other = encode(&json!({"sub": "1", "exp": soon()}));
        let forged = format!("{}.{other}.{}", parts[0], parts[2]);
        assert_eq!(check(&forged), Err(Code::IdentitySignature));
        let cut = &token[..token.len() - 4];
        assert!(check(cut).is_err());
        for bad in [
            "",
            ".",
            "..",
            "a.b",
            "a.b.c",
            "a.b.c.d",
            &token[1..],
            &format!("{token}.x"),
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert_eq!(check(&"x".repeat(20_000)), Err(Code::IdentityInvalid));
    }

    #[test]
    fn a_token_has_its_time() {
        let at = now().timestamp();
        for (exp, expected) in [
            (json!(at + 1), Ok(())),
            (json!(at + 24 * 3_600), Ok(())),
            // Clocks may differ.
            (json!(at - 50), Ok(())),
            (json!(at - 70), Err(Code::IdentityExpired)),
            (json!(0), Err(Code::IdentityExpired)),
            (json!(-1), Err(Code::IdentityExpired)),
            (json!(at + 25 * 3_600), Err(Code::IdentityInvalid)),
            (json!(1e300), Err(Code::IdentityInvalid)),
            (json!("tomorrow"), Err(Code::IdentityInvalid)),
            (json!(null), Err(Code::IdentityInvalid)),
        ] {
            let token = signed(&json!({"sub": "42", "exp": exp}));
            assert_eq!(check(&token).map(drop), expected, "{exp}");
        }
        assert_eq!(
            check(&signed(&json!({"sub": "42"}))),
            Err(Code::IdentityInvalid)
        );
        for claim in ["nbf", "iat"] {
            for (when, ok) in [(at, true), (at + 50, true), (at + 120, false)] {
                let token = signed(&json!({"sub": "42", "exp": soon(), claim: when}));
                assert_eq!(check(&token).is_ok(), ok, "{claim} {when}");
            }
        }
    }

    #[test]
    fn what_a_site_may_not_say_is_refused() {
        let long = "x".repeat(300);
        let many: Map<String, Value> = (0..51).map(|n| (n.to_string(), json!(n))).collect();
        for wrong in [
            json!({"sub": null}),
            json!({"sub": ""}),
            json!({"sub": " "}),
            json!({"sub": 42}),
            json!({"sub": long}),
            json!({"sub": "a\nb"}),
            json!({"sub": "42", "name": 1}),
            json!({"sub": "42", "name": long}),
            json!({"sub": "42", "email": "nobody"}),
            json!({"sub": "42", "email": "a b@c"}),
            json!({"sub": "42", "email": format!("{long}@c")}),
            json!({"sub": "42", "attributes": []}),
            json!({"sub": "42", "attributes": {"a": {}}}),
            json!({"sub": "42", "attributes": {"a": []}}),
            json!({"sub": "42", "attributes": {"": 1}}),
            json!({"sub": "42", "attributes": {"a": "x".repeat(501)}}),
            json!({"sub": "42", "attributes": {long.as_str(): 1}}),
            json!({"sub": "42", "attributes": many}),
        ] {
            let mut payload = wrong.clone();
            payload["exp"] = json!(soon());
            assert_eq!(
                check(&signed(&payload)),
                Err(Code::IdentityInvalid),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_secret_does_not_print() {
        let printed = format!("{:?}", IdentitySecret::new(SECRET));
        assert_eq!(printed, "Some(IdentitySecret(…))");
    }

    proptest! {
        #![proptest_config(random::cases(500))]

        #[test]
        fn whatever_is_not_what_the_site_signed_is_refused(
            text in any::<String>(),
            parts in "[A-Za-z0-9_-]{0,20}(\\.[A-Za-z0-9_-]{0,20}){0,3}",
            spoilt in random::spoilt(vec![signed(&json!({"sub": "7", "exp": soon()}))]),
        ) {
            let good = check(&spoilt);
            for token in [text, parts] {
                prop_assert!(check(&token).is_err(), "{}", token);
            }
            // Damage may cancel out, and what is signed is still what was signed then.
            prop_assert!(good.is_err() || good.is_ok_and(|claims| claims.subject == "7"), "{}", spoilt);
        }

        #[test]
        fn whatever_the_site_signs_is_within_what_is_kept_or_refused(
            sub in random::json(&["sub"]),
            name in random::json(&["name"]),
            email in random::json(&["email"]),
            attributes in random::json(&["plan", "vip"]),
        ) {
            let (head, soon) = (json!({"alg": "HS256"}), soon());
            let payload = format!(
                r#"{{"exp":{soon},"sub":{sub},"name":{name},"email":{email},"attributes":{attributes}}}"#
            );
            let signed = format!("{}.{}", encode(&head), URL_SAFE_NO_PAD.encode(payload));
            let token = format!("{signed}.{}", mac(&signed, SECRET));
            if let Ok(claims) = check(&token) {
                prop_assert!((1..=SUBJECT_CHARS).contains(&claims.subject.chars().count()));
                prop_assert!(claims.name.is_none_or(|it| it.chars().count() <= NAME_CHARS));
                prop_assert!(claims.email.is_none_or(|it| it.chars().count() <= EMAIL_CHARS));
                let object = claims.attributes.map(|it| serde_json::from_str::<Map<String, Value>>(&it));
                prop_assert!(object.is_none_or(|it| it.is_ok()));
            }
        }
    }
}
