//! Percent-decoding as the tutorial's server did it (Python's `urllib.parse.unquote`), for pages that send
//! `encodeURI("…")`.

/// Decodes `%XX` as UTF-8. What is no `%XX` stays as it is, a plus sign too; bytes that are not UTF-8 become
/// U+FFFD.
pub fn unquote(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    loop {
        match rest {
            [] => break,
            [b'%', high, low, after @ ..] => {
                if let (Some(high), Some(low)) = (digit(*high), digit(*low)) {
                    bytes.push(high * 16 + low);
                    rest = after;
                } else {
                    bytes.push(b'%');
                    rest = &rest[1..];
                }
            }
            [byte, after @ ..] => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::unquote;

    #[test]
    fn as_python_does_it() {
        for (typed, expected) in [
            ("", ""),
            ("%E7%94%A8%E6%88%B7:%e4%bd%a0", "用户:你"),
            ("%zz%", "%zz%"),
            ("%", "%"),
            ("%4", "%4"),
            ("%%41", "%A"),
            ("%E4%BD", "\u{fffd}"),
            ("%E4用%BD", "\u{fffd}用\u{fffd}"),
            ("a+b%20c", "a+b c"),
            ("用户 😀 <script>", "用户 😀 <script>"),
            ("%00", "\0"),
            ("%2525", "%25"),
        ] {
            assert_eq!(unquote(typed), expected, "{typed:?}");
        }
    }
}
