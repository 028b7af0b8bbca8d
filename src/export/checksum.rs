//! A SHA-256 that can be put away between two parts of an export and taken up again.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{
    Digest, Sha256,
    digest::common::hazmat::{SerializableState, SerializedState},
};

/// The sum so far. As text: its state in hexadecimal digits.
#[derive(Clone, Default)]
pub struct Checksum(Sha256);

impl Checksum {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The sum of all that has come, as `sha256sum` writes it.
    pub fn hex(&self) -> String {
        hex(&self.0.clone().finalize())
    }
}

impl PartialEq for Checksum {
    fn eq(&self, other: &Self) -> bool {
        self.0.serialize() == other.0.serialize()
    }
}

impl Eq for Checksum {}

impl std::fmt::Debug for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Checksum({})", self.hex())
    }
}

impl Serialize for Checksum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&SerializableState::serialize(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Checksum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let no_state = || D::Error::custom("no state of a checksum");
        let bytes = unhex(&text).ok_or_else(no_state)?;
        let state =
            SerializedState::<Sha256>::try_from(bytes.as_slice()).map_err(|_| no_state())?;
        let state = <Sha256 as SerializableState>::deserialize(&state);
        state.map(Self).map_err(|_| no_state())
    }
}

/// Two digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}

/// Reads [`hex`] back.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().map(|c| {
        char::from(c)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    });
    let digits: Vec<u8> = digits.collect::<Option<_>>()?;
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_was_put_away_goes_on_as_if_it_had_not_been() {
        let bytes: Vec<u8> = (0..1_000).map(|n: u16| n.to_be_bytes()[1]).collect();
        for cut in [0, 1, 63, 64, 65, 500, 1_000] {
            let mut sum = Checksum::default();
            sum.update(&bytes[..cut]);
            let put_away = serde_json::to_string(&sum).unwrap();
            let mut sum: Checksum = serde_json::from_str(&put_away).unwrap();
            sum.update(&bytes[cut..]);
            assert_eq!(sum.hex(), hex(&Sha256::digest(&bytes)), "{cut}");
        }
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for text in ["", "00", "zz", "0"] {
            let quoted = format!("\"{text}\"");
            assert!(serde_json::from_str::<Checksum>(&quoted).is_err(), "{text}");
        }
        let full = "f".repeat(serde_json::to_string(&Checksum::default()).unwrap().len() - 2);
        // Whatever comes of it, nothing breaks.
        let _ = serde_json::from_str::<Checksum>(&format!("\"{full}\""));
    }
}
