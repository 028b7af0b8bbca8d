//! The servers, each a process of its own that lives for one measurement.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    time::{ClockId, clock_getcpuclockid},
    unistd::Pid,
};

use crate::wire::Wire;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    KefuMariaDb,
    KefuSqlite,
    Node,
    Socketioxide,
    /// What no server can be much below (bin/floor.rs).
    Floor,
}

/// What Kefu is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Shared,
    Private,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::KefuMariaDb,
        Self::KefuSqlite,
        Self::Node,
        Self::Socketioxide,
        Self::Floor,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::KefuMariaDb => "Kefu, stored in MariaDB",
            Self::KefuSqlite => "Kefu, stored in SQLite",
            Self::Node => "Socket.IO on Node.js",
            Self::Socketioxide => "socketioxide on axum",
            Self::Floor => "bare epoll loop",
        }
    }

    /// Whether it speaks that wire.
    pub fn speaks(self, wire: Wire) -> bool {
        wire == Wire::SocketIo || self.is_kefu() || self == Self::Floor
    }

    pub fn is_kefu(self) -> bool {
        matches!(self, Self::KefuMariaDb | Self::KefuSqlite)
    }
}

/// Where the programs are.
pub struct Programs {
    pub kefu: PathBuf,
    pub node_server: PathBuf,
    pub peer: PathBuf,
    pub floor: PathBuf,
    /// mysql://USER:PASSWORD@HOST:PORT of a user who may create databases.
    pub mysql: String,
}

/// The password of the account `admin`.
const PASSWORD: &str = "a-password-for-measuring";

impl Programs {
    /// An empty database in MariaDB; its address.
    pub fn create_database(&self) -> io::Result<String> {
        // Unlike any other of this server's life.
        let name = format!("bench_{}", free_port()?.port());
        create_database(&self.mysql, &name)?;
        Ok(format!("{}/{name}", self.mysql))
    }
}

/// Free a moment ago, and nobody else on the machine was given it since.
fn free_port() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// A running server; dropping it ends it and removes its data.
pub struct Server {
    pub address: SocketAddr,
    command: Command,
    process: Child,
    folder: PathBuf,
}

impl Server {
    pub fn start(kind: Kind, programs: &Programs, room: Room) -> io::Result<Self> {
        let address = free_port()?;
        let port = address.port().to_string();
        let folder = std::env::temp_dir().join(format!("kefu-bench-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let mut command = match kind {
            Kind::KefuMariaDb => kefu(programs, &folder, &programs.create_database()?, room)?,
            Kind::KefuSqlite => {
                let file = folder.join("kefu.db");
                kefu(
                    programs,
                    &folder,
                    &format!("sqlite:{}", file.display()),
                    room,
                )?
            }
            Kind::Node => {
                let mut node = Command::new("node");
                node.arg(&programs.node_server).arg(&port);
                node.env("NODE_ENV", "production");
                node
            }
            Kind::Socketioxide => {
                let mut peer = Command::new(&programs.peer);
                peer.arg(&port);
                peer
            }
            Kind::Floor => {
                let mut floor = Command::new(&programs.floor);
                floor.arg(&port);
                floor
            }
        };
        if kind.is_kefu() {
            command.env("KEFU_LISTEN", address.to_string());
        }
        let process = command.stdout(Stdio::null()).spawn()?;
        let mut server = Self {
            address,
            command,
            process,
            folder,
        };
        server.wait_until_it_listens()?;
        Ok(server)
    }

    fn wait_until_it_listens(&mut self) -> io::Result<()> {
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if self.process.try_wait()?.is_some() || started.elapsed() > Duration::from_secs(30) {
                return Err(io::Error::other("a server did not start"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Ends it and starts it anew; from then until it says that it is ready.
    pub fn restart(&mut self) -> io::Result<Duration> {
        // A server listens before it has its first account, which is not part of a start on a database that is there.
        self.ready()?;
        self.process.kill()?;
        self.process.wait()?;
        let started = Instant::now();
        self.process = self.command.spawn()?;
        self.ready()?;
        Ok(started.elapsed())
    }

    fn ready(&self) -> io::Result<()> {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(30) {
            let ready = self.http("GET /readyz HTTP/1.1", "");
            if ready.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 ")) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(io::Error::other("it was not ready within half a minute"))
    }

    /// The bearer token of Kefu's admin.
    pub fn sign_in(&self) -> io::Result<String> {
        let body = format!(r#"{{"username":"admin","password":"{PASSWORD}","bearer":true}}"#);
        let answer = self.http("POST /api/v1/login HTTP/1.1", &body)?;
        let token = answer.split_once(r#""token":""#);
        let token = token.and_then(|(_, rest)| rest.split_once('"'));
        let (token, _) = token.ok_or_else(|| io::Error::other(answer.clone()))?;
        Ok(token.to_owned())
    }

    fn http(&self, request: &str, body: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        let (address, length) = (self.address, body.len());
        write!(
            stream,
            "{request}\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Bytes of memory of the process (resident).
    pub fn memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kib.ok_or_else(|| io::Error::other("no VmRSS"))? << 10)
    }

    /// What all threads of the process have used so far, in the program and in the kernel: utime and stime
    /// of /proc/PID/stat, but in nanoseconds. The database server is another process.
    pub fn cpu(&self) -> io::Result<Duration> {
        cpu_of(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The same of this process.
pub fn own_cpu() -> io::Result<Duration> {
    cpu_of(std::process::id())
}

fn cpu_of(process: u32) -> io::Result<Duration> {
    let process = i32::try_from(process).map_err(io::Error::other)?;
    let clock: ClockId = clock_getcpuclockid(Pid::from_raw(process))?;
    Ok(clock.now()?.into())
}

/// As it is delivered, without limits on senders.
fn kefu(programs: &Programs, folder: &Path, database: &str, room: Room) -> io::Result<Command> {
    // The pages are not measured, but without any Kefu does not start.
    fs::write(folder.join("index.html"), "")?;
    let mut kefu = Command::new(&programs.kefu);
    // Settings of whoever runs this are not meant for this server.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KEFU_") {
            kefu.env_remove(name);
        }
    }
    kefu.arg("serve")
        .env("DATABASE_URL", database)
        .env("KEFU_STATIC", folder)
        .env("KEFU_FILES", folder.with_extension("files"))
        .env(
            "KEFU_ROOM",
            match room {
                Room::Shared => "shared",
                Room::Private => "private",
            },
        )
        .env("KEFU_ADMIN_PASSWORD", PASSWORD)
        .env("KEFU_FRAMES_PER_SECOND", "0")
        .env("KEFU_MAX_CONNECTIONS_PER_ADDRESS", "0")
        .env("KEFU_LOG", "warn");
    Ok(kefu)
}

fn create_database(url: &str, name: &str) -> io::Result<()> {
    let parts = || {
        let (account, place) = url.strip_prefix("mysql://")?.split_once('@')?;
        Some((account.split_once(':')?, place.split_once(':')?))
    };
    let ((user, password), (host, port)) =
        parts().ok_or_else(|| io::Error::other("KEFU_TEST_MYSQL_URL cannot be read"))?;
    let made = Command::new("mariadb")
        .args(["--no-defaults", "--protocol=tcp", "--host", host])
        .args(["--port", port, "--user", user, "--execute"])
        .arg(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"))
        .env("MYSQL_PWD", password)
        .status()?;
    if made.success() {
        Ok(())
    } else {
        Err(io::Error::other("the database could not be created"))
    }
}
