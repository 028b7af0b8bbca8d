//! How the customer's page looks.

use std::fmt::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Accent, Invalid, Section};

/// Bytes of a logo's file.
const LOGO_BYTES: usize = 64 << 10;

/// The business as customers see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// What stands at the top of the page; empty for the page's own words.
    pub name: String,
    /// `#rrggbb`; `None` for Kefu's own.
    pub accent: Option<String>,
    /// A picture as `data:image/png;base64,…`.
    pub logo: Option<String>,
}

/// A picture, ready to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Another for every other picture, so that it can be cached for ever.
    pub name: String,
    /// What it is, by its content.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Look {
    /// The colours that follow from the chosen one.
    pub fn accent(&self) -> Option<Accent> {
        Accent::from_chosen(self.accent.as_deref()?)
    }

    /// The picture, if there is one.
    pub fn logo(&self) -> Option<Logo> {
        picture(self.logo.as_deref()?)
    }
}

impl Section for Look {
    fn check(&self) -> Result<(), Invalid> {
        if self.name.chars().count() > 60 || self.name.chars().any(char::is_control) {
            let message = "must have at most 60 characters, none of them a control character";
            return Err(Invalid::new("name", message));
        }
        if self.accent.is_some() && self.accent().is_none() {
            let message = "must be a colour such as #1d5fc4, or null";
            return Err(Invalid::new("accent", message));
        }
        if self.logo.is_some() && self.logo().is_none() {
            let message = "must be a PNG, JPEG or WebP picture of at most 64 KiB as \
                           data:image/png;base64,…, or null";
            return Err(Invalid::new("logo", message));
        }
        Ok(())
    }
}

/// Reads a data URL. What the picture is, its content says; the URL must say the same.
fn picture(url: &str) -> Option<Logo> {
    let (kind, encoded) = url.strip_prefix("data:")?.split_once(";base64,")?;
    if encoded.len() > LOGO_BYTES.div_ceil(3) * 4 {
        return None;
    }
    let bytes = BASE64_STANDARD.decode(encoded).ok()?;
    let media_type = match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        _ => return None,
    };
    if media_type != kind || bytes.len() > LOGO_BYTES {
        return None;
    }
    let mut name = String::new();
    for byte in &Sha256::digest(&bytes)[..8] {
        // Writing to a text cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    Some(Logo {
        name,
        media_type,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(kind: &str, bytes: &[u8]) -> String {
        format!("data:{kind};base64,{}", BASE64_STANDARD.encode(bytes))
    }

    fn wrong(look: &Look) -> Option<String> {
        look.check().err().map(|invalid| invalid.field)
    }

    #[test]
    fn a_logo_is_a_small_picture_by_its_content() {
        const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";
        let mut large = PNG.to_vec();
        large.resize(LOGO_BYTES, 0);
        for (logo, ok) in [
            (url("image/png", PNG), true),
            (url("image/jpeg", b"\xff\xd8\xff\xe0"), true),
            (url("image/webp", b"RIFF\0\0\0\0WEBPVP8 "), true),
            (url("image/png", &large), true),
            (url("image/png", &[large.as_slice(), b"x"].concat()), false),
            (url("image/jpeg", PNG), false),
            (url("image/svg+xml", b"<svg/>"), false),
            (url("image/png", b"<html>"), false),
            ("https://shop.example/logo.png".to_owned(), false),
            ("data:image/png;base64,%%%".to_owned(), false),
            (String::new(), false),
        ] {
            let look = Look {
                logo: Some(logo.clone()),
                ..Look::default()
            };
            let shown = logo.get(..40).unwrap_or(&logo);
            assert_eq!(wrong(&look).is_none(), ok, "{shown}");
            assert_eq!(look.logo().is_some(), ok, "{shown}");
        }
        let names: Vec<_> = [PNG, &large]
            .map(|bytes| picture(&url("image/png", bytes)).unwrap().name)
            .into();
        assert_ne!(names[0], names[1]);
    }

    #[test]
    fn a_name_fits_its_line() {
        let named = |name: &str| Look {
            name: name.to_owned(),
            ..Look::default()
        };
        assert_eq!(wrong(&named(&"茶".repeat(60))), None);
        assert_eq!(wrong(&named(&"茶".repeat(61))).as_deref(), Some("name"));
        assert_eq!(wrong(&named("a\nb")).as_deref(), Some("name"));
    }
}
