//! A server process of a test's own.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::Database;

/// The password of the account `admin` on every test's server.
pub const ADMIN_PASSWORD: &str = "a-password-for-tests";

/// A running `kefu serve`; killed when it is dropped.
pub struct Server {
    child: Option<Child>,
    pub address: SocketAddr,
    /// Where `/metrics` is, with `KEFU_METRICS_LISTEN`.
    pub metrics: Option<SocketAddr>,
    settings: Vec<(String, String)>,
    log: Option<PathBuf>,
    ignored_signal: Option<&'static str>,
}

/// Settings of a server that is not started yet.
pub struct ServerBuilder {
    settings: Vec<(String, String)>,
    log: Option<PathBuf>,
    ignored_signal: Option<&'static str>,
}

impl ServerBuilder {
    /// A setting by the name of its environment variable.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Keeps the log in this file; without it, it goes where the test's own output goes.
    pub fn log_to(mut self, file: PathBuf) -> Self {
        self.log = Some(file);
        self
    }

    /// The default of a setting.
    pub fn without(mut self, name: &str) -> Self {
        self.settings.retain(|(set, _)| set != name);
        self
    }

    /// Starts the server deaf to a signal, such as `XFSZ`, so that a limit on its files' size is an
    /// error of writing and not the end.
    pub fn deaf_to(mut self, signal: &'static str) -> Self {
        self.ignored_signal = Some(signal);
        self
    }

    pub fn start(self) -> Server {
        let any = "127.0.0.1:0".parse().unwrap();
        let mut server = Server {
            child: None,
            address: any,
            metrics: None,
            settings: self.settings,
            log: self.log,
            ignored_signal: self.ignored_signal,
        };
        server.start();
        server
    }
}

impl Server {
    /// Settings for a server on this database, without limits that would slow tests down.
    pub fn on(database: &Database) -> ServerBuilder {
        // The pages are not looked at here; the server only wants to find them.
        let pages = database.folder().join("pages");
        std::fs::create_dir_all(&pages).unwrap();
        for page in ["index.html", "agent.html"] {
            std::fs::write(pages.join(page), "<!doctype html><title>Kefu</title>").unwrap();
        }
        let builder = ServerBuilder {
            settings: Vec::new(),
            log: None,
            ignored_signal: None,
        };
        builder
            .with("DATABASE_URL", database.url())
            .with("KEFU_STATIC", pages.display())
            .with("KEFU_FILES", database.folder().join("files").display())
            .with("KEFU_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .with("KEFU_FRAMES_PER_SECOND", 0)
            .with("KEFU_MAX_CONNECTIONS_PER_ADDRESS", 0)
            .with("KEFU_LOG", "warn")
    }

    /// Starts (again), on the address it had before.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let mut command = Command::new("/usr/bin/env");
        if let Some(signal) = self.ignored_signal {
            command.arg(format!("--ignore-signal={signal}"));
        }
        let mut child = command
            .args([env!("CARGO_BIN_EXE_kefu"), "serve"])
            .env_clear()
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .env("KEFU_LISTEN", self.address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(match &self.log {
                None => Stdio::inherit(),
                Some(file) => fs::File::options()
                    .create(true)
                    .append(true)
                    .open(file)
                    .unwrap()
                    .into(),
            })
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        self.child = Some(child);
        let mut lines = out.lines();
        let line = lines
            .next()
            .expect("the server says where it listens")
            .unwrap();
        let address_in = |line: &str| {
            let (_, address) = line
                .split_once("http://")
                .unwrap_or_else(|| panic!("{line:?}"));
            address.trim_end_matches("/metrics").parse().unwrap()
        };
        self.address = address_in(&line);
        let watched = |(name, _): &(String, String)| name == "KEFU_METRICS_LISTEN";
        if self.settings.iter().any(watched) {
            let line = lines.find_map(|line| line.ok().filter(|line| line.contains("metrics")));
            self.metrics = Some(address_in(&line.expect("it says where its metrics are")));
        }
        // The rest must be read, or the pipe fills.
        thread::spawn(move || lines.for_each(drop));
    }

    /// kill -9, then a new start: on another port, as the old one may be somebody else's by now.
    pub fn crash_and_restart(&mut self) {
        self.kill();
        self.start_elsewhere();
    }

    /// Starts again after the end, on another port.
    pub fn start_elsewhere(&mut self) {
        self.address.set_port(0);
        self.start();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// kill -9: nothing is said, nothing is flushed.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Sends a signal by name, such as `TERM` or `STOP`.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let status = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits until the process ends by itself.
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        let child = self.child.as_mut().expect("it runs");
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                self.child = None;
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "the server did not end within {within:?}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Resident memory in bytes.
    pub fn memory_bytes(&self) -> u64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.pid())).unwrap();
        let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
        pages * 4_096
    }

    /// How long it has kept processors busy.
    pub fn cpu_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        // The name, in brackets, may hold anything; after it come fields 3 and on.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
        // The kernel tells programs of a hundred ticks a second, whatever it uses itself.
        Duration::from_millis(ticks * 10)
    }

    /// How many sockets it has open.
    pub fn open_sockets(&self) -> usize {
        self.socket_inodes().len()
    }

    /// The value of a series of `/metrics`, with `KEFU_METRICS_LISTEN`.
    pub fn metric(&self, series: &str) -> f64 {
        let address = self.metrics.expect("KEFU_METRICS_LISTEN is set");
        let answer = Self::http_at(address, "GET", "/metrics", &[], None);
        let text = answer.body.as_str().unwrap();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value
            .unwrap_or_else(|| panic!("no {series} in\n{text}"))
            .parse()
            .unwrap()
    }

    /// At how many addresses it listens.
    pub fn listens_on(&self) -> usize {
        let sockets = self.socket_inodes();
        let table = fs::read_to_string(format!("/proc/{}/net/tcp", self.pid())).unwrap();
        let listens = |line: &&str| {
            let fields: Vec<_> = line.split_whitespace().collect();
            // State 0A is LISTEN.
            fields.len() > 9 && fields[3] == "0A" && sockets.contains(fields[9])
        };
        table.lines().filter(listens).count()
    }

    fn socket_inodes(&self) -> HashSet<String> {
        fs::read_dir(format!("/proc/{}/fd", self.pid()))
            .unwrap()
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .filter_map(|target| {
                let target = target.to_string_lossy().into_owned();
                Some(
                    target
                        .strip_prefix("socket:[")?
                        .strip_suffix(']')?
                        .to_owned(),
                )
            })
            .collect()
    }

    /// How many connections stand that it has accepted, and of which it has read all that came
    /// (`/proc/PID/net/tcp`: local address, state 01, receive queue, inode).
    pub fn connections_read(&self) -> usize {
        let local = format!("0100007F:{:04X}", self.address.port());
        let table = fs::read_to_string(format!("/proc/{}/net/tcp", self.pid())).unwrap();
        let is_read = |line: &&str| {
            let fields: Vec<_> = line.split_whitespace().collect();
            fields.len() > 9
                && fields[1] == local
                && fields[3] == "01"
                && fields[4].ends_with(":00000000")
                && fields[9] != "0"
        };
        table.lines().filter(is_read).count()
    }

    /// The bearer token of a new login of `admin`.
    pub fn sign_in(&self) -> String {
        self.sign_in_as("admin", ADMIN_PASSWORD)
    }

    pub fn sign_in_as(&self, username: &str, password: &str) -> String {
        let body = serde_json::json!({"username": username, "password": password, "bearer": true});
        let answer = self.http("POST", "/api/v1/login", &[], Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["token"].as_str().unwrap().to_owned()
    }

    /// One HTTP request; `body` goes as JSON.
    pub fn http(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        Self::http_at(self.address, method, path, headers, body)
    }

    /// The same at another address than where people chat.
    pub fn http_at(
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{address}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .allow_non_standard_methods(true)
            .build()
            .into();
        let response = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                agent.run(request.body(body.to_string()).unwrap())
            }
            None => agent.run(request.body(()).unwrap()),
        };
        let mut response = response.unwrap();
        let bytes = response.body_mut().read_to_vec().unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body,
        }
    }

    /// Sends these bytes and returns the answer: its head, and its body where the server closes the
    /// connection after it (`Connection: close`).
    pub fn raw(&self, request: &str) -> String {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(self.address).unwrap();
        let patience = Duration::from_secs(10);
        stream.set_read_timeout(Some(patience)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let mut part = [0; 4_096];
        let keeps = request.to_lowercase().contains("connection: upgrade");
        loop {
            let text = String::from_utf8_lossy(&answer);
            if keeps && text.contains("\r\n\r\n") {
                return text.into_owned();
            }
            match stream.read(&mut part).unwrap() {
                0 => return text.into_owned(),
                bytes => answer.extend_from_slice(&part[..bytes]),
            }
        }
    }

    /// `GET` with a bearer token.
    pub fn get(&self, path: &str, bearer: &str) -> Answer {
        let bearer = format!("Bearer {bearer}");
        self.http("GET", path, &[("authorization", &bearer)], None)
    }

    /// Runs another subcommand of the program on the same settings; `input` goes to its stdin.
    pub fn command(&self, arguments: &[&str], input: &str) -> std::process::Output {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_kefu"))
            .args(arguments)
            .env_clear()
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }
}

/// What came back over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    /// JSON, or a string where it is none.
    pub body: Value,
}

impl Answer {
    /// One header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The code of the error object.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
