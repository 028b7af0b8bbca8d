//! Several packets in the body of one request or answer of long polling. Pure.
//!
//! Version 4 separates packets by U+001E. Version 3 writes `<length>:<packet>` one after the other, the
//! length in UTF-16 code units, as JavaScript counts; or, where bytes are among them and the client can
//! take them, a binary form: 0 (text) or 1 (bytes), the decimal digits of the length in bytes as the bytes
//! 0 to 9, 255, the packet.

use bytes::Bytes;
use bytestring::ByteString;

use super::packet::{Frame, Malformed, Packet, Version, as_base64};

/// Packets in one body; more would be many more allocations than bytes.
const PACKETS: usize = 10_000;
/// Digits of a length.
const DIGITS: usize = 9;

/// The body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// As it goes out.
    pub bytes: Bytes,
    /// It is version 3's binary form, `application/octet-stream`, and not text.
    pub binary: bool,
}

/// Reads the body of a POST; `binary` says that it came as `application/octet-stream`.
///
/// # Errors
/// [`Malformed`]; nothing of the body is handled then.
pub fn decode(version: Version, binary: bool, body: Bytes) -> Result<Vec<Packet>, Malformed> {
    let packets = match (version, binary) {
        (Version::V3, true) => decode_v3_binary(&body)?,
        (Version::V4, true) => {
            return Err(Malformed("version 4 takes text; bytes go as b and base64"));
        }
        (version, false) => {
            let text = ByteString::try_from(body).map_err(|_| Malformed("a body is UTF-8"))?;
            match version {
                Version::V3 => decode_v3(&text)?,
                Version::V4 => decode_v4(&text)?,
            }
        }
    };
    if packets.is_empty() {
        return Err(Malformed("a body has at least one packet"));
    }
    Ok(packets)
}

fn push(packets: &mut Vec<Packet>, packet: Packet) -> Result<(), Malformed> {
    if packets.len() == PACKETS {
        return Err(Malformed("a body has at most 10,000 packets"));
    }
    packets.push(packet);
    Ok(())
}

fn decode_v4(text: &ByteString) -> Result<Vec<Packet>, Malformed> {
    let mut packets = Vec::new();
    for packet in text.split('\u{1e}') {
        let packet = Packet::from_text(Version::V4, &text.slice_ref(packet))?;
        push(&mut packets, packet)?;
    }
    Ok(packets)
}

fn decode_v3(text: &ByteString) -> Result<Vec<Packet>, Malformed> {
    let mut packets = Vec::new();
    let mut rest: &str = text;
    while !rest.is_empty() {
        let (length, after) = rest
            .split_once(':')
            .ok_or(Malformed("a packet in version 3 is <length>:<packet>"))?;
        let digits = (1..=DIGITS).contains(&length.len())
            && length.bytes().all(|byte| byte.is_ascii_digit());
        let length: usize = match length.parse() {
            Ok(length) if digits => length,
            _ => return Err(Malformed("the length of a packet is up to 9 digits")),
        };
        let end = end_of(after, length).ok_or(Malformed(
            "the length of a packet is not that of what follows",
        ))?;
        let packet = once(text, &after[..end]);
        push(&mut packets, Packet::from_text(Version::V3, &packet)?)?;
        rest = &after[end..];
    }
    Ok(packets)
}

/// Where the first `units` UTF-16 code units end, in bytes.
fn end_of(text: &str, units: usize) -> Option<usize> {
    let mut seen = 0;
    for (at, character) in text.char_indices() {
        if seen >= units {
            return (seen == units).then_some(at);
        }
        seen += character.len_utf16();
    }
    (seen == units).then_some(text.len())
}

/// socket.io-client 1.x encodes a packet as UTF-8, takes each byte for a character, and has the browser
/// encode those again. What reads as UTF-8 in this way is taken to be written in this way, as the
/// tutorial's server took it.
fn once(text: &ByteString, packet: &str) -> ByteString {
    if !packet.is_ascii() {
        let bytes: Option<Vec<u8>> = packet
            .chars()
            .map(|character| u8::try_from(u32::from(character)).ok())
            .collect();
        if let Some(decoded) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            return decoded.into();
        }
    }
    text.slice_ref(packet)
}

fn decode_v3_binary(body: &Bytes) -> Result<Vec<Packet>, Malformed> {
    let mut packets = Vec::new();
    let mut rest = body.clone();
    while let Some(kind) = rest.first().copied() {
        let digits = rest.iter().skip(1).take(DIGITS + 1);
        let count = digits
            .clone()
            .position(|byte| *byte == 255)
            .filter(|count| *count > 0)
            .ok_or(Malformed("a length is 1 to 9 bytes from 0 to 9, then 255"))?;
        let mut length = 0;
        for digit in digits.take(count) {
            if *digit > 9 {
                return Err(Malformed("a length is 1 to 9 bytes from 0 to 9, then 255"));
            }
            length = length * 10 + usize::from(*digit);
        }
        let start = count + 2;
        if rest.len() - start < length {
            return Err(Malformed(
                "the length of a packet is not that of what follows",
            ));
        }
        let packet = rest.slice(start..start + length);
        rest = rest.slice(start + length..);
        let packet = match kind {
            0 => {
                let text = ByteString::try_from(packet)
                    .map_err(|_| Malformed("a text packet is UTF-8"))?;
                Packet::from_text(Version::V3, &text)?
            }
            1 => Packet::from_bytes(Version::V3, &packet)?,
            _ => return Err(Malformed("a packet begins with 0 (text) or 1 (bytes)")),
        };
        push(&mut packets, packet)?;
    }
    Ok(packets)
}

/// Writes the body of an answer to a poll; `base64` says that the client takes text only.
pub fn encode(version: Version, base64: bool, frames: &[Frame]) -> Body {
    let bytes = frames.iter().any(|frame| matches!(frame, Frame::Binary(_)));
    if version == Version::V3 && bytes && !base64 {
        return encode_v3_binary(frames);
    }
    let mut text = String::with_capacity(frames.iter().map(|frame| frame.len() + 8).sum());
    for (n, frame) in frames.iter().enumerate() {
        let encoded;
        let packet: &str = match frame {
            Frame::Text(packet) => packet,
            Frame::Binary(bytes) => {
                encoded = as_base64(bytes, version);
                &encoded
            }
        };
        match version {
            Version::V3 => {
                text.push_str(&packet.encode_utf16().count().to_string());
                text.push(':');
            }
            Version::V4 if n > 0 => text.push('\u{1e}'),
            Version::V4 => {}
        }
        text.push_str(packet);
    }
    Body {
        bytes: text.into(),
        binary: false,
    }
}

fn encode_v3_binary(frames: &[Frame]) -> Body {
    let mut out = Vec::with_capacity(frames.iter().map(|frame| frame.len() + 12).sum());
    for frame in frames {
        let (kind, prefix, packet): (u8, &[u8], &[u8]) = match frame {
            Frame::Text(packet) => (0, &[], packet.as_bytes()),
            Frame::Binary(bytes) => (1, &[4], bytes),
        };
        out.push(kind);
        let length = (prefix.len() + packet.len()).to_string();
        out.extend(length.bytes().map(|digit| digit - b'0'));
        out.push(255);
        out.extend_from_slice(prefix);
        out.extend_from_slice(packet);
    }
    Body {
        bytes: out.into(),
        binary: true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::{
        Version::{V3, V4},
        *,
    };
    use crate::random;

    fn text(text: &str) -> Packet {
        Packet::Text(ByteString::from(text))
    }

    fn binary(bytes: &[u8]) -> Packet {
        Packet::Binary(Bytes::copy_from_slice(bytes))
    }

    fn read(version: Version, body: &str) -> Result<Vec<Packet>, Malformed> {
        decode(version, false, Bytes::copy_from_slice(body.as_bytes()))
    }

    /// Frames that are messages, with what their readers make of them. Version 3 gets ASCII only.
    fn messages(version: Version) -> impl Strategy<Value = Vec<(Frame, Packet)>> {
        let texts = match version {
            V3 => "[ -~]{0,40}",
            V4 => "[^\u{1e}]{0,40}",
        };
        let message = prop_oneof![
            texts.prop_map(|said| (Frame::Text(format!("4{said}").into()), text(&said))),
            vec(any::<u8>(), 0..40).prop_map(|bytes| {
                (
                    Frame::Binary(Bytes::copy_from_slice(&bytes)),
                    binary(&bytes),
                )
            }),
        ];
        vec(message, 1..8)
    }

    /// A body that was right, with other bytes here and there, and the end cut off.
    fn spoilt() -> impl Strategy<Value = Vec<u8>> {
        let good = prop_oneof![messages(V3), messages(V4)];
        let damage = vec((any::<Index>(), any::<u8>()), 0..4);
        (good, any::<[bool; 2]>(), damage, any::<Index>()).prop_map(
            |(good, [old, base64], damage, end)| {
                let frames: Vec<_> = good.into_iter().map(|(frame, _)| frame).collect();
                let body = encode(if old { V3 } else { V4 }, base64, &frames);
                let mut body = body.bytes.to_vec();
                for (at, byte) in damage {
                    let at = at.index(body.len());
                    body[at] = byte;
                }
                body.truncate(end.index(body.len() * 2) + 1);
                body
            },
        )
    }

    proptest! {
        #![proptest_config(random::cases(1_000))]

        #[test]
        fn what_is_written_is_read(
            (version, sent) in prop_oneof![Just(V3), Just(V4)]
                .prop_flat_map(|version| (Just(version), messages(version))),
            base64: bool,
        ) {
            let (frames, packets): (Vec<_>, Vec<_>) = sent.into_iter().unzip();
            let body = encode(version, base64, &frames);
            prop_assert_eq!(decode(version, body.binary, body.bytes), Ok(packets));
        }

        #[test]
        fn any_body_is_packets_or_malformed(
            body in prop_oneof![
                vec(any::<u8>(), 0..200),
                any::<String>().prop_map(String::into_bytes),
                spoilt(),
                // Lengths that lie.
                (any::<u64>(), "[0-6b]?.{0,9}").prop_map(|(n, text)| format!("{n}:{text}").into_bytes()),
                (0..30_usize, "[0-6b]?.{0,9}").prop_map(|(n, text)| format!("{n}:{text}").into_bytes()),
                (0..3_u8, vec(0..11_u8, 0..12), vec(any::<u8>(), 0..20))
                    .prop_map(|(kind, length, rest)| [vec![kind], length, vec![255], rest].concat()),
            ],
        ) {
            let most = body.len();
            for (version, binary) in [(V3, false), (V3, true), (V4, false), (V4, true)] {
                if let Ok(packets) = decode(version, binary, Bytes::copy_from_slice(&body)) {
                    prop_assert!((1..=most.max(1)).contains(&packets.len()), "{:?}", packets);
                }
            }
        }
    }

    #[test]
    fn bodies_that_are_right() {
        for (version, body, expected) in [
            (V4, "4hello", vec![text("hello")]),
            (
                V4,
                "4a\u{1e}4b\u{1e}4c",
                vec![text("a"), text("b"), text("c")],
            ),
            (
                V4,
                "4hello\u{1e}bAQIDBA==",
                vec![text("hello"), binary(&[1, 2, 3, 4])],
            ),
            (V4, "4你好😀", vec![text("你好😀")]),
            (V3, "6:4hello", vec![text("hello")]),
            (V3, "6:4test16:4test2", vec![text("test1"), text("test2")]),
            (
                V3,
                "6:4hello10:b4AQIDBA==",
                vec![text("hello"), binary(&[1, 2, 3, 4])],
            ),
            // An emoji counts as two, as in JavaScript.
            (V3, "5:4你好😀", vec![text("你好😀")]),
            (V3, "3:4:1", vec![text(":1")]),
            (V3, "1:11:2", vec![Packet::Close, Packet::Ping("".into())]),
            // As socket.io-client 1.x writes 你好, and a text that only looks a little like it.
            (V3, "7:4ä½\u{a0}å¥½", vec![text("你好")]),
            (V3, "5:4caf\u{e9}", vec![text("caf\u{e9}")]),
        ] {
            assert_eq!(read(version, body), Ok(expected), "{body:?}");
        }
    }

    #[test]
    fn bodies_that_are_wrong() {
        for (version, body) in [
            (V4, ""),
            (V4, "abc"),
            (V4, "4a\u{1e}"),
            (V4, "\u{1e}"),
            (V4, "4a\u{1e}\u{1e}4b"),
            (V4, "4a\u{1e}b***"),
            (V3, ""),
            (V3, "abc"),
            (V3, "4hello"),
            (V3, ":4hello"),
            (V3, "0:"),
            (V3, "-1:4"),
            (V3, "+6:4hello"),
            (V3, " 6:4hello"),
            (V3, "7:4hello"),
            (V3, "5:4hello"),
            (V3, "99999999999999999999:4hello"),
            (V3, "9999999999:4hello"),
            (V3, "999999999:4hello"),
            // The length ends inside an emoji.
            (V3, "2:4😀"),
            (V3, "٣:4ab"),
        ] {
            assert!(read(version, body).is_err(), "{version:?} {body:?}");
        }
        assert!(decode(V4, false, Bytes::from_static(b"4\xff")).is_err());
        assert!(decode(V4, true, Bytes::from_static(b"4a")).is_err());
    }

    #[test]
    fn no_body_has_packets_without_end() {
        let many = vec!["6"; PACKETS].join("\u{1e}");
        assert_eq!(read(V4, &many).map(|all| all.len()), Ok(PACKETS));
        assert!(read(V4, &format!("{many}\u{1e}6")).is_err());
        assert!(read(V3, &"1:6".repeat(PACKETS + 1)).is_err());
    }

    #[test]
    fn the_binary_form_of_version_3() {
        let body: &[u8] = &[
            0, 6, 255, 52, 104, 101, 108, 108, 111, 1, 5, 255, 4, 1, 2, 3, 4,
        ];
        let packets = decode(V3, true, Bytes::from_static(body));
        assert_eq!(packets, Ok(vec![text("hello"), binary(&[1, 2, 3, 4])]));
        let frames = [
            Frame::Text("4hello".into()),
            Frame::Binary(Bytes::from_static(&[1, 2, 3, 4])),
        ];
        let written = encode(V3, false, &frames);
        assert_eq!((&written.bytes[..], written.binary), (body, true));
        let written = encode(V3, true, &frames);
        assert_eq!(&written.bytes[..], b"6:4hello10:b4AQIDBA==");
        let written = encode(V4, false, &frames);
        assert_eq!(&written.bytes[..], b"4hello\x1ebAQIDBA==");
        let text_only = encode(V3, false, &frames[..1]);
        assert_eq!(
            (&text_only.bytes[..], text_only.binary),
            (&b"6:4hello"[..], false)
        );

        for wrong in [
            &[][..],
            &[0],
            &[0, 255],
            &[0, 1],
            &[0, 1, 255],
            &[0, 2, 255, 52],
            &[2, 1, 255, 52],
            &[0, 10, 255, 52],
            &[0, 1, 255, 255],
            &[1, 1, 255, 5],
            &[1, 0, 255],
            &[0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 255, 52],
            &[0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 255, 52],
        ] {
            let read = decode(V3, true, Bytes::copy_from_slice(wrong));
            assert!(read.is_err(), "{wrong:?}");
        }
    }

    /// A small generator, so that a failure can be run again.
    fn random(seed: &mut u64) -> usize {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        usize::try_from(*seed >> 33).unwrap()
    }

    #[test]
    fn garbage_is_an_answer_and_never_a_panic() {
        let mut seed = 0x9e37_79b9_7f4a_7c15;
        let pieces: [&[u8]; 16] = [
            b"4",
            b"1:",
            b"\x1e",
            b"b",
            b"b4",
            b"2",
            "😀".as_bytes(),
            b"\xff",
            b"\0",
            b":",
            b"9",
            b"AQ==",
            "ä".as_bytes(),
            b"\x01",
            b"\xed\xa0\x80",
            b"5:4",
        ];
        for _ in 0..20_000 {
            let mut body = Vec::new();
            for _ in 0..random(&mut seed) % 12 {
                body.extend_from_slice(pieces[random(&mut seed) % pieces.len()]);
            }
            let body = Bytes::from(body);
            for (version, binary) in [(V3, false), (V3, true), (V4, false)] {
                let _ = decode(version, binary, body.clone());
            }
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut seed = 0x1234_5678_9abc_def1;
        let alphabet: Vec<char> = "aé用😀:1\u{10ffff}\"\n".chars().collect();
        for _ in 0..2_000 {
            let mut frames = Vec::new();
            let mut packets = Vec::new();
            for _ in 0..=random(&mut seed) % 5 {
                if random(&mut seed).is_multiple_of(3) {
                    let bytes: Bytes = (0..random(&mut seed) % 20)
                        .map(|_| u8::try_from(random(&mut seed) % 256).unwrap())
                        .collect::<Vec<_>>()
                        .into();
                    frames.push(Frame::Binary(bytes.clone()));
                    packets.push(Packet::Binary(bytes));
                } else {
                    // The first character keeps it from looking as if it were encoded twice.
                    let words: String = (0..random(&mut seed) % 20)
                        .map(|_| alphabet[random(&mut seed) % alphabet.len()])
                        .collect();
                    let words = format!("用{words}");
                    frames.push(Frame::Text(format!("4{words}").into()));
                    packets.push(Packet::Text(words.into()));
                }
            }
            for (version, base64) in [(V3, false), (V3, true), (V4, false)] {
                let body = encode(version, base64, &frames);
                let read = decode(version, body.binary, body.bytes);
                assert_eq!(read.as_ref(), Ok(&packets));
            }
        }
    }
}
