//! Passwords: argon2id, as a PHC string. Slow on purpose (some 20 ms and 19 MiB each), so never called
//! on an actor's thread.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

/// Hashes a password for storage, with a random salt.
///
/// # Errors
/// When the system has no randomness to give.
pub fn hash(password: &str) -> Result<String, String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| error.to_string())
}

/// Whether a password belongs to a stored hash.
pub fn matches(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| {
        Argon2::default()
            .verify_password(password.as_bytes(), &stored)
            .is_ok()
    })
}

/// Takes as long as [`matches`] does, so that an unknown user name answers no sooner than a known one.
pub fn match_nobody(password: &str) {
    let _ = hash(password);
}

/// A password that nobody has to think of: 16 characters, 80 random bits.
///
/// # Errors
/// When the system has no randomness to give.
pub fn random() -> Result<String, String> {
    // Without letters and digits that look alike.
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes
        .iter()
        .map(|b| char::from(LETTERS[usize::from(b % 32)]))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_hash_only() {
        let stored = hash("correct horse 电池").unwrap();
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        assert!(matches("correct horse 电池", &stored));
        assert!(!matches("correct horse", &stored));
        assert!(!matches("", "not a hash"));
    }

    #[test]
    fn random_passwords_differ() {
        let (a, b) = (random().unwrap(), random().unwrap());
        assert_eq!(a.len(), 16);
        assert_ne!(a, b);
    }
}
