//! The example server, of a test's own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::wire::http;

/// A running `conformance`; killed when it is dropped.
pub struct Conformance {
    child: Child,
    pub address: SocketAddr,
}

impl Conformance {
    /// With so many milliseconds between pings and for their answers.
    pub fn start(interval_ms: u64, timeout_ms: u64) -> Self {
        // Cargo builds examples for tests, but names only binaries to them.
        let program = Path::new(env!("CARGO_BIN_EXE_kefu"));
        let program = program.with_file_name("examples").join("conformance");
        let mut child = Command::new(program)
            .args(["--listen", "127.0.0.1:0", "--ping-ms"])
            .arg(format!("{interval_ms},{timeout_ms}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let (_, address) = line.trim().split_once("http://").unwrap();
        let address = address.parse().unwrap();
        Self { child, address }
    }

    /// Sessions of Engine.IO's and of Socket.IO's address.
    pub fn sessions(&self) -> (u64, u64) {
        let (_, body) = http(self.address, "GET", "/sessions", None);
        let counts: serde_json::Value = serde_json::from_str(&body).unwrap();
        (
            counts["engine"].as_u64().unwrap(),
            counts["socket"].as_u64().unwrap(),
        )
    }

    /// Open files of the process: sockets, for the most part.
    pub fn files(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(folder).unwrap().count()
    }

    /// Waits until no session is left.
    pub fn settle(&self, within: Duration) {
        let deadline = Instant::now() + within;
        while self.sessions() != (0, 0) {
            assert!(Instant::now() < deadline, "left: {:?}", self.sessions());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until no more files are open than before.
    pub fn settle_files(&self, before: usize, within: Duration) {
        let deadline = Instant::now() + within;
        while self.files() > before {
            let now = self.files();
            assert!(
                Instant::now() < deadline,
                "{before} files before, {now} now"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Conformance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
