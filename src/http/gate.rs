//! What of a WebSocket's bytes is let through to the codec (RFC 6455 §5.2–5.5).
//!
//! The codec looks at a frame once it is whole: it would gather as many bytes as a peer cares to announce,
//! and complain about a broken frame again and again. So frames are judged here by their heads, before
//! anything of them is kept.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::web::Bytes;
use futures_util::Stream;

use crate::protocol::Close;

/// Bytes of a control frame's payload (RFC 6455 §5.5).
const CONTROL_BYTES: u64 = 125;
/// Bytes of the mask that stands between head and payload.
const MASK_BYTES: u64 = 4;

/// Lets the bytes of good frames through and ends before the first other one.
pub struct Gate<S> {
    bytes: S,
    frames: Frames,
    /// Why it ended, for whoever reads the frames.
    verdict: Rc<Cell<Option<Close>>>,
}

impl<S> Gate<S> {
    /// A gate for messages of at most `limit` bytes, their fragments together.
    pub fn new(bytes: S, limit: usize, verdict: Rc<Cell<Option<Close>>>) -> Self {
        Self {
            bytes,
            frames: Frames {
                limit: u64::try_from(limit).unwrap_or(u64::MAX),
                head: Vec::new(),
                rest: 0,
                message: None,
                refused: false,
            },
            verdict,
        }
    }
}

impl<S, E> Stream for Gate<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.frames.refused {
            return Poll::Ready(None);
        }
        Pin::new(&mut this.bytes).poll_next(cx).map(|item| {
            item.and_then(|chunk| match chunk {
                // The connection broke: there is nobody to tell what was wrong.
                Err(_) => {
                    this.frames.refused = true;
                    None
                }
                Ok(chunk) => match this.frames.walk(&chunk) {
                    Ok(()) => Some(Ok(chunk)),
                    Err((good, close)) => {
                        this.verdict.set(Some(close));
                        (good > 0).then(|| Ok(chunk.slice(..good)))
                    }
                },
            })
        })
    }
}

/// Where in the stream of frames we are.
struct Frames {
    limit: u64,
    /// What has come of a head, up to and with its length.
    head: Vec<u8>,
    /// Bytes that are still to come of the frame's mask and payload.
    rest: u64,
    /// Bytes of the fragments so far, while a message is not complete.
    message: Option<u64>,
    refused: bool,
}

impl Frames {
    /// Follows the frames through a chunk.
    ///
    /// # Errors
    /// How many bytes stand before the first bad frame, and what to say to it.
    fn walk(&mut self, chunk: &[u8]) -> Result<(), (usize, Close)> {
        let mut at = 0;
        let mut begun = 0;
        while at < chunk.len() {
            if self.rest > 0 {
                let left = u64::try_from(chunk.len() - at).unwrap_or(u64::MAX);
                let skipped = self.rest.min(left);
                self.rest -= skipped;
                at += usize::try_from(skipped).unwrap_or(usize::MAX);
                continue;
            }
            if self.head.is_empty() {
                begun = at;
            }
            self.head.push(chunk[at]);
            at += 1;
            if let Some(length) = announced(&self.head) {
                self.rest = self.judge(length).map_err(|close| {
                    self.refused = true;
                    (begun, close)
                })?;
                self.head.clear();
            }
        }
        Ok(())
    }

    /// Says how many bytes follow the head of a good frame.
    fn judge(&mut self, length: u64) -> Result<u64, Close> {
        let (first, masked) = (self.head[0], self.head[1] & 0x80 != 0);
        let (last, reserved, opcode) = (first & 0x80 != 0, first & 0x70 != 0, first & 0x0f);
        if reserved || !masked {
            return Err(Close::Protocol);
        }
        let begins = match opcode {
            0 => false,
            1 | 2 => true,
            8..=10 if last && length <= CONTROL_BYTES => return Ok(MASK_BYTES + length),
            _ => return Err(Close::Protocol),
        };
        // A continuation needs something to continue; a new message must wait for the end of the last.
        let before = match (begins, self.message) {
            (true, None) => 0,
            (false, Some(before)) => before,
            _ => return Err(Close::Protocol),
        };
        let total = before.saturating_add(length);
        if total > self.limit {
            return Err(Close::TooBig);
        }
        self.message = (!last).then_some(total);
        Ok(MASK_BYTES + length)
    }
}

/// The payload's length, once the head says it.
fn announced(head: &[u8]) -> Option<u64> {
    let big_endian = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |all, byte| all << 8 | u64::from(*byte))
    };
    match head.get(1)? & 0x7f {
        126 => head.get(2..4).map(big_endian),
        127 => head.get(2..10).map(big_endian),
        length => Some(u64::from(length)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::*;
    use crate::random;

    const LIMIT: usize = 300;

    fn frame(first: u8, length: usize) -> Vec<u8> {
        with(first, &vec![b'm'; length])
    }

    fn with(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = payload.len();
        let mut bytes = if let Ok(short @ ..126) = u8::try_from(length) {
            vec![first, 0x80 | short]
        } else {
            let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
            vec![first, 0x80 | 0x7e, high, low]
        };
        bytes.extend(b"mask");
        bytes.extend(payload);
        bytes
    }

    /// Sends these chunks; what came through, and the verdict.
    fn through<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Option<Close>) {
        let mut frames = Gate::new((), LIMIT, Rc::default()).frames;
        let mut passed = Vec::new();
        for chunk in chunks {
            match frames.walk(chunk) {
                Ok(()) => passed.extend(chunk),
                Err((good, close)) => {
                    passed.extend(&chunk[..good]);
                    return (passed, Some(close));
                }
            }
        }
        (passed, None)
    }

    #[test]
    fn good_frames_pass_however_they_are_cut() {
        let good = [
            frame(0x81, 0),
            frame(0x82, LIMIT),
            frame(0x01, 100),
            frame(0x89, 125),
            frame(0x00, 100),
            frame(0x80, 100),
            frame(0x88, 2),
        ]
        .concat();
        for size in 1..=good.len() {
            assert_eq!(through(good.chunks(size)), (good.clone(), None), "{size}");
        }
    }

    #[test]
    fn nothing_of_a_bad_frame_is_kept_and_nothing_is_waited_for() {
        let announced = |length: u64| {
            let mut bytes = vec![0x81, 0xff];
            bytes.extend(length.to_be_bytes());
            bytes
        };
        for (what, bad, close) in [
            ("too long", frame(0x81, LIMIT + 1), Close::TooBig),
            ("2^40", announced(1 << 40), Close::TooBig),
            ("2^64 - 1", announced(u64::MAX), Close::TooBig),
            ("unmasked", vec![0x81, 1, b'x'], Close::Protocol),
            ("reserved bits", frame(0xc1, 1), Close::Protocol),
            ("reserved opcode", frame(0x83, 1), Close::Protocol),
            ("reserved control", frame(0x8b, 1), Close::Protocol),
            ("long ping", frame(0x89, 126), Close::Protocol),
            ("ping in parts", frame(0x09, 1), Close::Protocol),
            ("continues nothing", frame(0x80, 1), Close::Protocol),
        ] {
            let all = [frame(0x81, 5), bad].concat();
            let (passed, verdict) = through([&all[..]]);
            assert_eq!((passed, verdict), (frame(0x81, 5), Some(close)), "{what}");
        }
    }

    #[test]
    fn fragments_count_together() {
        let all = [frame(0x01, LIMIT), frame(0x89, 3), frame(0x80, 1)].concat();
        assert_eq!(through([&all[..]]).1, Some(Close::TooBig));
        let all = [frame(0x01, 1), frame(0x81, 1)].concat();
        assert_eq!(through([&all[..]]).1, Some(Close::Protocol));
    }

    /// A frame that is bad where `before` bytes of a message have come, or none of it.
    fn bad(which: u8, before: Option<usize>) -> (Vec<u8>, Close) {
        let continues = before.is_some();
        let close = if which == 0 {
            Close::TooBig
        } else {
            Close::Protocol
        };
        let bytes = match which {
            0 => frame(
                if continues { 0x00 } else { 0x82 },
                LIMIT + 1 - before.unwrap_or_default(),
            ),
            // Out of its turn.
            1 => frame(if continues { 0x81 } else { 0x80 }, 1),
            2 => vec![if continues { 0x80 } else { 0x81 }, 1, b'x'],
            3 => frame(if continues { 0xc0 } else { 0xc1 }, 1),
            4 => frame(0x83, 1),
            5 => frame(0x89, 126),
            _ => frame(0x0a, 1),
        };
        (bytes, close)
    }

    fn message() -> impl Strategy<Value = Vec<random::Frame>> {
        (1..=2_u8, vec(any::<u8>(), 0..=LIMIT))
            .prop_flat_map(|(opcode, message)| random::in_frames(opcode, message))
    }

    proptest! {
        #![proptest_config(random::cases(500))]

        #[test]
        fn messages_pass_however_they_are_cut_and_nothing_after_a_bad_frame(
            messages in vec(message(), 0..4),
            stop in any::<Index>(),
            which in proptest::option::of(0..=6_u8),
            cuts in vec(any::<Index>(), 0..12),
        ) {
            let frames = messages.concat();
            let good = which.map_or(frames.len(), |_| stop.index(frames.len() + 1));
            let mut begun = None;
            for (first, payload) in frames[..good].iter().filter(|(first, _)| first & 8 == 0) {
                let length = begun.unwrap_or_default() + payload.len();
                begun = (first & 0x80 == 0).then_some(length);
            }
            let bad = which.map(|which| bad(which, begun));
            let bytes_of = |frames: &[random::Frame]| {
                let bytes = frames.iter().map(|(first, payload)| with(*first, payload));
                bytes.collect::<Vec<_>>().concat()
            };
            let before = bytes_of(&frames[..good]);
            let (bad, close) = bad.unzip();
            let bad = bad.unwrap_or_default();
            let all = [before.clone(), bad, bytes_of(&frames[good..])].concat();
            let (passed, verdict) = through(random::cut(&all, &cuts));
            prop_assert_eq!(verdict, close);
            let more = passed.strip_prefix(&before[..]);
            if which.is_none() {
                prop_assert_eq!(passed, all);
            } else {
                // Of a head that comes in parts, what came before one could tell.
                prop_assert!(more.is_some_and(|head| announced(head).is_none()), "{passed:?}");
            }
        }
    }
}
