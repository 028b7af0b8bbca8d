//! A second factor: time-based one-time passwords (RFC 6238, on the HOTP of RFC 4226) as every authenticator
//! app makes them: SHA-1, six digits, thirty seconds. Pure functions.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::Timestamp;

/// Bytes of a secret: as many as SHA-1 has (RFC 4226 §4).
pub const SEED_BYTES: usize = 20;
/// Recovery codes that are made together.
pub const RECOVERY_CODES: usize = 10;
/// How long a code is the current one.
const STEP_S: i64 = 30;
/// Steps before and after the current one that are good as well: phones are a little off, and people slow.
const DRIFT: i64 = 1;
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;
/// Letters of a recovery code: 80 random bits.
const RECOVERY_CHARS: usize = 16;

/// What is stored. With a key of the operator's the secret is made of both, so that the database alone says
/// nothing; without one it is the secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u8; SEED_BYTES]);

/// What the authenticator app holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret([u8; SEED_BYTES]);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Seed {
    /// A new one from the system's random source.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; SEED_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The secret that an app gets; `key` is the operator's.
    pub fn secret(&self, key: Option<&str>) -> Secret {
        let Some(key) = key else {
            return Secret(self.0);
        };
        let mut secret = [0; SEED_BYTES];
        // HMAC takes keys of any length.
        if let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) {
            let mac = mac.chain_update("kefu totp").chain_update(self.0);
            secret.copy_from_slice(&mac.finalize().into_bytes()[..SEED_BYTES]);
        }
        Secret(secret)
    }
}

impl Secret {
    /// As people type it into an app: base32 (RFC 4648 §6).
    pub fn base32(&self) -> String {
        base32(&self.0)
    }

    /// What a QR code for an app holds.
    pub fn uri(&self, username: &str) -> String {
        // Of a user name only `@` would have to be escaped.
        let username = username.replace('@', "%40");
        format!(
            "otpauth://totp/Kefu:{username}?secret={}&issuer=Kefu&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
            self.base32()
        )
    }

    /// The step that a code belongs to, if it is one of those that are good now and later than the last one
    /// that was used.
    pub fn step_of(&self, code: &str, now: Timestamp, last_step: i64) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if code.len() != DIGITS || !code.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let typed: u32 = code.parse().ok()?;
        let current = now.timestamp().div_euclid(STEP_S);
        let good = (current - DRIFT..=current + DRIFT).filter(|step| *step > last_step);
        // All of them are compared, so that the time taken says nothing.
        good.fold(None, |found, step| {
            if self.code(step) == typed {
                Some(step)
            } else {
                found
            }
        })
    }

    /// RFC 4226 §5.3.
    fn code(&self, step: i64) -> u32 {
        truncated(&self.0, step) % MODULUS
    }
}

fn truncated(secret: &[u8], step: i64) -> u32 {
    let Ok(mac) = Hmac::<Sha1>::new_from_slice(secret) else {
        return 0;
    };
    let hash = mac.chain_update(step.to_be_bytes()).finalize().into_bytes();
    let offset = usize::from(hash[19] & 0x0f);
    let word = [
        hash[offset],
        hash[offset + 1],
        hash[offset + 2],
        hash[offset + 3],
    ];
    u32::from_be_bytes(word) & 0x7fff_ffff
}

fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let index = (held >> bits & 31) as usize;
            text.push(char::from(LETTERS[index]));
        }
    }
    if bits > 0 {
        let index = (held << (5 - bits) & 31) as usize;
        text.push(char::from(LETTERS[index]));
    }
    text
}

/// A code for whoever has lost their phone; good once.
///
/// # Errors
/// When the system has no randomness to give.
pub fn recovery_code() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes)?;
    let code = base32(&bytes).to_ascii_lowercase();
    let groups: Vec<_> = (0..4).map(|n| &code[n * 4..n * 4 + 4]).collect();
    Ok(groups.join("-"))
}

/// What is kept of a recovery code; `None` for what cannot be one. Case, dashes and white space do not matter.
pub fn recovery_hash(typed: &str) -> Option<[u8; 32]> {
    let code: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let is_base32 = |b: u8| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b);
    (code.len() == RECOVERY_CHARS && code.bytes().all(is_base32))
        .then(|| Sha256::digest(code.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const RFC: Secret = Secret(*b"12345678901234567890");

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 4226, appendix D.
    #[test]
    fn the_counters_of_rfc_4226_make_its_codes() {
        let expected = [
            755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871,
            520_489,
        ];
        for (step, code) in (0..).zip(expected) {
            assert_eq!(RFC.code(step), code, "{step}");
        }
    }

    /// RFC 6238, appendix B; eight digits there, of which apps show the last six.
    #[test]
    fn the_times_of_rfc_6238_make_its_codes() {
        for (time, code) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(
                truncated(&RFC.0, time / STEP_S) % 100_000_000,
                code,
                "{time}"
            );
            let six = format!("{:06}", code % MODULUS);
            assert_eq!(RFC.step_of(&six, at(time), 0), Some(time / STEP_S));
        }
    }

    #[test]
    fn a_code_is_good_for_a_step_before_and_after_and_no_longer() {
        let code = "287082"; // Step 1: seconds 30 to 59.
        for (time, good) in [(0, true), (29, true), (59, true), (89, true), (90, false)] {
            assert_eq!(RFC.step_of(code, at(time), -1), good.then_some(1), "{time}");
        }
    }

    #[test]
    fn a_code_that_was_used_is_none_any_more_nor_is_one_before_it() {
        assert_eq!(RFC.step_of("287082", at(59), 0), Some(1));
        assert_eq!(RFC.step_of("287082", at(59), 1), None);
        assert_eq!(RFC.step_of("755224", at(59), 1), None, "step 0");
        assert_eq!(RFC.step_of("359152", at(59), 1), Some(2), "step 2");
    }

    #[test]
    fn what_is_no_code_is_none() {
        assert_eq!(
            RFC.step_of(" 287 082 ", at(59), 0),
            Some(1),
            "as apps show it"
        );
        for bad in ["", "28708", "2870822", "28708x", "+87082", "２８７０８２"] {
            assert_eq!(RFC.step_of(bad, at(59), 0), None, "{bad:?}");
        }
    }

    /// RFC 4648 §10.
    #[test]
    fn base32_is_as_in_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(RFC.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            RFC.uri("li@shop"),
            "otpauth://totp/Kefu:li%40shop?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Kefu\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn with_a_key_the_database_alone_does_not_say_the_secret() {
        let seed = Seed(RFC.0);
        assert_eq!(seed.secret(None).0, RFC.0);
        let keyed = seed.secret(Some("a key of the operator's, long enough"));
        assert_ne!(keyed.0, RFC.0);
        assert_ne!(
            keyed.0,
            seed.secret(Some("another key of the operator's")).0
        );
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed() {
        let code = recovery_code().unwrap();
        assert_eq!(code.len(), 19, "{code}");
        let hash = recovery_hash(&code);
        assert!(hash.is_some(), "{code}");
        assert_eq!(recovery_hash(&code.to_uppercase().replace('-', " ")), hash);
        assert_ne!(recovery_hash(&recovery_code().unwrap()), hash);
        for bad in [
            "",
            "123456",
            "aaaa-bbbb-cccc-ddd",
            "aaaa-bbbb-cccc-ddd1",
            "aaaa-bbbb-cccc-dddé",
        ] {
            assert_eq!(recovery_hash(bad), None, "{bad}");
        }
    }
}
