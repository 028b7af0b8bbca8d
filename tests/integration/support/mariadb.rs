//! A MariaDB server of a test's own, to be killed, stopped and started again. The arguments are those
//! of scripts/with-mariadb, which says why each is there.

use std::{
    fs::{self, File},
    io::Read,
    net::{SocketAddr, TcpStream},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

const PASSWORD: &str = "kefu";

/// A running MariaDB; killed, with its data, when it is dropped.
pub struct MariaDb {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    /// Arguments besides the usual.
    arguments: &'static [&'static str],
}

impl MariaDb {
    /// New data on a free port of the loopback.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with these arguments of `mariadbd` as well.
    pub fn start_with(arguments: &'static [&'static str]) -> Self {
        // A socket's path has about 100 bytes, and some temporary folders are longer than that alone.
        let parent = std::env::temp_dir();
        let short = parent.as_os_str().len() < 60;
        let parent = if short { &parent } else { Path::new("/tmp") };
        let folder = tempfile::Builder::new()
            .prefix("kefu-mariadb.")
            .tempdir_in(parent)
            .unwrap();
        let mut server = Self {
            child: None,
            folder,
            port: 0,
            arguments,
        };
        server.install();
        for _ in 0..10 {
            server.port = random_port();
            if server.try_start() {
                return server;
            }
        }
        panic!("MariaDB did not start: {}", server.log());
    }

    /// Without a database name.
    pub fn url(&self) -> String {
        format!("mysql://root:{PASSWORD}@{}", self.address())
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
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

    /// Starts again with the same data on the same port, and waits until it answers.
    pub fn start_again(&mut self) {
        assert!(self.try_start(), "MariaDB did not start: {}", self.log());
    }

    /// Sends a signal by name, such as `STOP` or `CONT`.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let status = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status()
            .unwrap();
        assert!(status.success());
        // The signal is on its way: until every thread stands still, the server goes on committing.
        while name == "STOP" && !stands_still(&pid) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.file("server.log")).unwrap_or_default()
    }

    fn install(&self) {
        let log = File::create(self.file("install.log")).unwrap();
        let status = command("mariadb-install-db")
            .arg(format!("--datadir={}", self.file("data")))
            .args([
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
                "--innodb-log-file-size=32M",
            ])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .expect("mariadb-install-db is installed (scripts/setup test-server)");
        let said = fs::read_to_string(self.file("install.log")).unwrap();
        assert!(status.success(), "{said}");
        let user = format!(
            "CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n\
             GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"
        );
        fs::write(self.file("init.sql"), user).unwrap();
    }

    /// `false` when the server ends by itself, which is what a port that is taken looks like.
    fn try_start(&mut self) -> bool {
        assert!(self.child.is_none(), "it runs already");
        let _ = fs::remove_file(self.file("pid"));
        let log = File::create(self.file("server.log")).unwrap();
        let mut child = command("mariadbd")
            .arg(format!("--datadir={}", self.file("data")))
            .arg(format!("--socket={}", self.file("socket")))
            .arg(format!("--pid-file={}", self.file("pid")))
            .arg(format!("--tmpdir={}", self.folder.path().display()))
            .arg(format!("--init-file={}", self.file("init.sql")))
            .arg(format!("--port={}", self.port))
            .args([
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
                "--character-set-server=latin1",
                "--collation-server=latin1_swedish_ci",
                "--innodb-flush-log-at-trx-commit=1",
                "--innodb-log-file-size=32M",
                "--innodb-buffer-pool-size=128M",
                "--max-connections=500",
                "--skip-log-bin",
            ])
            .args(self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while child.try_wait().unwrap().is_none() {
            let is_up = fs::read(self.file("pid")).is_ok_and(|pid| !pid.is_empty());
            if is_up && greets(self.address()) {
                self.child = Some(child);
                return true;
            }
            if Instant::now() > deadline {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("MariaDB did not answer in time: {}", self.log());
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Debian keeps mariadbd where a user's PATH does not look. A limit on its files' size is to be an error of
/// writing and not the end.
fn command(program: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("/usr/bin/env");
    command
        .env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin"))
        .args(["--ignore-signal=XFSZ", program, "--no-defaults"]);
    // Only as root, where mariadbd refuses to start without it.
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.arg("--user=root");
    }
    command
}

/// Below the range from which systems give ports to those who ask for any, as the tests' servers do.
fn random_port() -> u16 {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).unwrap();
    20_000 + u16::from_be_bytes(bytes) % 12_000
}

/// A server's greeting begins with three bytes of length, a number, and the protocol: 10.
fn greets(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let mut greeting = [0; 5];
    stream.read_exact(&mut greeting).is_ok() && greeting[4] == 10
}

/// Whether every thread of a process is stopped.
fn stands_still(pid: &str) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks.flatten().all(|task| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        status.is_empty() || status.contains("State:\tT")
    })
}
