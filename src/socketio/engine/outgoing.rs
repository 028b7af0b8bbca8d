//! What waits for a client, bounded in packets and in bytes.

use std::{collections::VecDeque, sync::Arc};

use super::{Settings, packet::Frame};
use crate::channel::Marks;

/// The queue is full; the session is being closed, so that its client comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

#[derive(Debug)]
pub struct Outgoing {
    frames: VecDeque<Frame>,
    bytes: usize,
    most_frames: usize,
    most_bytes: usize,
    marks: Arc<Marks>,
}

impl Outgoing {
    pub fn new(settings: &Settings) -> Self {
        Self {
            frames: VecDeque::new(),
            bytes: 0,
            most_frames: settings.queue_frames,
            most_bytes: settings.queue_bytes,
            marks: Arc::clone(&settings.marks),
        }
    }

    pub fn push(&mut self, frame: Frame) -> Result<(), Full> {
        let bytes = self.bytes + frame.len();
        let fits = self.frames.len() < self.most_frames
            && (self.frames.is_empty() || bytes <= self.most_bytes);
        if !fits {
            self.marks.overflow();
            return Err(Full);
        }
        self.bytes = bytes;
        self.frames.push_back(frame);
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// At most so many, the oldest first.
    pub fn take_first(&mut self, most: usize) -> Vec<Frame> {
        let taken: Vec<_> = self.frames.drain(..most.min(self.frames.len())).collect();
        self.bytes -= taken.iter().map(Frame::len).sum::<usize>();
        taken
    }

    pub fn take(&mut self) -> Vec<Frame> {
        self.bytes = 0;
        std::mem::take(&mut self.frames).into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_is_bounded_in_packets_and_in_bytes() {
        let settings = Settings {
            ping_interval: Duration::ZERO,
            ping_timeout: Duration::ZERO,
            max_payload: 0,
            max_body: 0,
            queue_frames: 3,
            queue_bytes: 10,
            marks: Arc::default(),
        };
        let mut outgoing = Outgoing::new(&settings);
        let frame = |length| Frame::Text("x".repeat(length).into());
        assert_eq!(outgoing.push(frame(100)), Ok(()), "one may always wait");
        assert_eq!(outgoing.push(frame(1)), Err(Full));
        assert_eq!(outgoing.take().len(), 1);
        for _ in 0..3 {
            assert_eq!(outgoing.push(frame(1)), Ok(()));
        }
        assert_eq!(outgoing.push(frame(1)), Err(Full));
        assert_eq!(outgoing.take_first(2).len(), 2);
        assert_eq!(
            outgoing.push(frame(9)),
            Ok(()),
            "their bytes are free again"
        );
        assert_eq!(outgoing.push(frame(1)), Err(Full));
        assert_eq!(outgoing.take_first(16).len(), 2);
        assert!(outgoing.is_empty());
        assert_eq!(outgoing.push(frame(10)), Ok(()));
        assert_eq!(outgoing.push(frame(1)), Err(Full));
    }
}
