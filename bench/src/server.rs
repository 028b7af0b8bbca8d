//! The servers, each a process of its own that lives for one measurement.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    time::{ClockId, clock_getcpuclockid},
    unistd::Pid,
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    KefuMariaDb,
    KefuSqlite,
    Node,
    Socketioxide,
}

impl Kind {
    pub const ALL: [Self; 4] = [
        Self::KefuMariaDb,
        Self::KefuSqlite,
        Self::Node,
        Self::Socketioxide,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::KefuMariaDb => "Kefu, stored in MariaDB",
            Self::KefuSqlite => "Kefu, stored in SQLite",
            Self::Node => "Socket.IO on Node.js",
            Self::Socketioxide => "socketioxide on axum",
        }
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
    /// mysql://USER:PASSWORD@HOST:PORT of a user who may create databases.
    pub mysql: String,
}

/// A running server; dropping it ends it and removes its data.
pub struct Server {
    pub address: SocketAddr,
    process: Child,
    folder: PathBuf,
}

impl Server {
    pub fn start(kind: Kind, programs: &Programs) -> io::Result<Self> {
        // Free a moment ago, and nobody else on the machine was given it since.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let port = address.port().to_string();
        let folder = std::env::temp_dir().join(format!("kefu-bench-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let mut command = match kind {
            Kind::KefuMariaDb => {
                let database = format!("bench_{port}");
                create_database(&programs.mysql, &database)?;
                kefu(programs, &folder, &format!("{}/{database}", programs.mysql))?
            }
            Kind::KefuSqlite => {
                let file = folder.join("kefu.db");
                kefu(programs, &folder, &format!("sqlite:{}", file.display()))?
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
        };
        if kind.is_kefu() {
            command.env("KEFU_LISTEN", address.to_string());
        }
        let process = command.stdout(Stdio::null()).spawn()?;
        let mut server = Self {
            address,
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

/// As it is delivered, in one room for everybody and without limits on senders.
fn kefu(programs: &Programs, folder: &Path, database: &str) -> io::Result<Command> {
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
        .env("KEFU_ROOM", "shared")
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
