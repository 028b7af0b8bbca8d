//! `DATABASE_URL`: which engine, where, and how to say what is wrong with it. Read once by the
//! configuration; the parts that are secret never print.

use std::{fmt, str::FromStr};

/// Whether this build's C client library can be told how much TLS to insist on. MariaDB's can not:
/// diesel's `ssl_mode` becomes another option there, silently.
const CLIENT_KNOWS_SSL_MODE: bool = mysqlclient_sys::SUPPORTS_MYSQL_SSL_MODE;

/// The two kinds of database that Kefu keeps its conversations in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file, by the library that is built in.
    Sqlite,
    /// A MySQL (8.0 or later) or MariaDB (10.6 or later) server.
    Mysql,
}

/// Where the conversations are kept: `sqlite:PATH` or `mysql://user:password@host:port/database`.
///
/// `Display` and `Debug` hide the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    pub(super) engine: Engine,
    /// What diesel is given: the path, or the address in diesel's own notation.
    pub(super) target: String,
    /// Whether a connection that turns out not to be encrypted must not be used.
    pub(super) encrypted: bool,
    shown: String,
}

/// What is wrong with a `DATABASE_URL`, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadDatabaseUrl(String);

const FORMS: &str = "write sqlite:PATH, such as sqlite:data/kefu.db, or \
                     mysql://USER:PASSWORD@HOST:PORT/DATABASE";

fn bad<T>(text: impl Into<String>) -> Result<T, BadDatabaseUrl> {
    Err(BadDatabaseUrl(text.into()))
}

impl DatabaseUrl {
    /// The engine, by the scheme.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    fn sqlite(path: &str) -> Result<Self, BadDatabaseUrl> {
        if path.is_empty() {
            return bad("sqlite: needs the path of a file, such as sqlite:data/kefu.db");
        }
        if path.starts_with(":memory:") {
            return bad(
                "sqlite::memory: would be another empty database for each connection; \
                 write the path of a file, such as sqlite:data/kefu.db",
            );
        }
        if path.starts_with("//") && !path.starts_with("///") {
            let path = path.trim_start_matches('/');
            return bad(format!(
                "after sqlite: comes a plain path; write sqlite:{path} or, from the root, sqlite:/{path}"
            ));
        }
        if path.starts_with("file:") || path.contains('?') || path.contains('\0') {
            return bad("after sqlite: comes a plain path, without file: and without parameters");
        }
        Ok(Self {
            engine: Engine::Sqlite,
            target: path.to_owned(),
            encrypted: false,
            shown: format!("sqlite:{path}"),
        })
    }

    fn mysql(rest: &str) -> Result<Self, BadDatabaseUrl> {
        if rest.contains('#') || rest.chars().any(|c| c.is_control() || c == ' ') {
            return bad(
                "in a mysql:// address write # as %23 and a space as %20 (in a password, too)",
            );
        }
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let Some((authority, database)) = address.split_once('/') else {
            return bad(
                "the address names no database; write mysql://USER:PASSWORD@HOST:PORT/DATABASE, and \
                 make the database first: CREATE DATABASE kefu CHARACTER SET utf8mb4",
            );
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
        if database.is_empty() || !database.chars().all(plain) {
            return bad(
                "the database's name, after the last slash of the address, may have letters, digits, \
                 _, - and $; in a password write / as %2F and ? as %3F",
            );
        }
        let (login, host) = match authority.rsplit_once('@') {
            Some((login, host)) => (Some(login), host),
            None => (None, authority),
        };
        if login.is_some_and(|login| login.contains('@')) {
            return bad("in a user name or password write @ as %40");
        }
        check_host(host)?;
        let user = login.map_or("", |login| login.split(':').next().unwrap_or(""));
        if user.is_empty() {
            return bad(
                "the address names no user; write mysql://USER:PASSWORD@HOST:PORT/DATABASE",
            );
        }
        let parameters = Parameters::parse(query)?;
        let has_password = login.is_some_and(|login| login.contains(':'));
        let hidden = if has_password { ":***" } else { "" };
        let shown_query = if query.is_empty() {
            String::new()
        } else {
            format!("?{query}")
        };
        Ok(Self {
            engine: Engine::Mysql,
            target: format!("mysql://{address}{}", parameters.for_diesel()),
            encrypted: parameters.encrypted(),
            shown: format!("mysql://{user}{hidden}@{host}/{database}{shown_query}"),
        })
    }
}

fn check_host(host: &str) -> Result<(), BadDatabaseUrl> {
    let (name, port) = match host.rsplit_once(':') {
        // The last colon of an IPv6 address is inside the brackets.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    if name.is_empty() {
        return bad("the address names no host; write mysql://USER:PASSWORD@HOST:PORT/DATABASE");
    }
    match port.map(str::parse::<u16>) {
        None | Some(Ok(1..)) => Ok(()),
        _ => bad("the port must be a number from 1 to 65535; in a password write : as %3A"),
    }
}

/// What stands behind the question mark.
#[derive(Default)]
struct Parameters<'a> {
    unix_socket: Option<&'a str>,
    ssl_mode: Option<&'a str>,
    ssl_ca: Option<&'a str>,
    ssl_cert: Option<&'a str>,
    ssl_key: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    fn parse(query: &'a str) -> Result<Self, BadDatabaseUrl> {
        let mut all = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name {
                "unix_socket" => &mut all.unix_socket,
                "ssl_mode" => &mut all.ssl_mode,
                "ssl_ca" => &mut all.ssl_ca,
                "ssl_cert" => &mut all.ssl_cert,
                "ssl_key" => &mut all.ssl_key,
                _ => {
                    return bad(format!(
                        "unknown parameter {name:?} in the database address; there are unix_socket, \
                         ssl_mode, ssl_ca, ssl_cert and ssl_key"
                    ));
                }
            };
            if value.is_empty() {
                return bad(format!(
                    "the parameter {name} of the database address has no value"
                ));
            }
            if place.replace(value).is_some() {
                return bad(format!(
                    "the parameter {name} of the database address comes twice"
                ));
            }
        }
        all.check()?;
        Ok(all)
    }

    fn check(&self) -> Result<(), BadDatabaseUrl> {
        match self.ssl_mode {
            None | Some("disabled" | "preferred") => Ok(()),
            Some("required") if CLIENT_KNOWS_SSL_MODE || self.ssl_ca.is_some() => Ok(()),
            Some("verify_ca") if self.ssl_ca.is_some() => Ok(()),
            Some("verify_identity") if CLIENT_KNOWS_SSL_MODE && self.ssl_ca.is_some() => Ok(()),
            Some("verify_identity") if !CLIENT_KNOWS_SSL_MODE => bad(
                "this build talks to the database through MariaDB's client library, which can not be \
                 asked to check the server's name; use ssl_mode=verify_ca with ssl_ca=FILE of a \
                 certificate authority of your own, or build with MySQL's client library",
            ),
            Some(mode @ ("required" | "verify_ca" | "verify_identity")) => bad(format!(
                "ssl_mode={mode} needs ssl_ca=FILE, the certificate authority that signed the \
                 server's certificate"
            )),
            Some(other) => bad(format!(
                "unknown ssl_mode {other:?}; there are disabled, preferred, required, verify_ca and \
                 verify_identity"
            )),
        }
    }

    /// Whoever names an authority or insists on TLS must not get a connection without.
    fn encrypted(&self) -> bool {
        match self.ssl_mode {
            Some("disabled" | "preferred") => false,
            Some(_) => true,
            None => self.ssl_ca.is_some(),
        }
    }

    fn for_diesel(&self) -> String {
        let mode = match self.ssl_mode {
            None if self.ssl_ca.is_some() => Some("verify_ca"),
            given => given,
        };
        let disabled = self.ssl_mode == Some("disabled");
        let certificates = |value: Option<&'a str>| if disabled { None } else { value };
        let pairs = [
            ("unix_socket", self.unix_socket),
            ("ssl_mode", mode.filter(|_| CLIENT_KNOWS_SSL_MODE)),
            ("ssl_ca", certificates(self.ssl_ca)),
            ("ssl_cert", certificates(self.ssl_cert)),
            ("ssl_key", certificates(self.ssl_key)),
        ];
        let mut text = String::new();
        for (name, value) in pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
        {
            text.push(if text.is_empty() { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        text
    }
}

impl FromStr for DatabaseUrl {
    type Err = BadDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, BadDatabaseUrl> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            Self::sqlite(path)
        } else if let Some(rest) = text.strip_prefix("mysql://") {
            Self::mysql(rest)
        } else if text.starts_with("mariadb://") {
            bad("write mysql:// for MariaDB as well")
        } else if let Some((scheme, _)) = text.split_once(':') {
            // Only the scheme: what follows may hold a password.
            bad(format!(
                "{scheme}: is no kind of database that kefu knows; {FORMS}"
            ))
        } else {
            bad(format!("the database address has no scheme; {FORMS}"))
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_addresses() {
        for (text, engine, shown) in [
            ("sqlite:data/kefu.db", Engine::Sqlite, "sqlite:data/kefu.db"),
            (
                "sqlite:/var/lib/kefu.db",
                Engine::Sqlite,
                "sqlite:/var/lib/kefu.db",
            ),
            (
                "sqlite:///var/kefu.db",
                Engine::Sqlite,
                "sqlite:///var/kefu.db",
            ),
            (
                "mysql://u:p%40w@db:3306/kefu",
                Engine::Mysql,
                "mysql://u:***@db:3306/kefu",
            ),
            (
                "mysql://u@[::1]:3306/kefu",
                Engine::Mysql,
                "mysql://u@[::1]:3306/kefu",
            ),
            (
                "mysql://u@[::1]/kefu",
                Engine::Mysql,
                "mysql://u@[::1]/kefu",
            ),
            (
                "mysql://u:secret@db/kefu?ssl_mode=verify_ca&ssl_ca=/ca.pem",
                Engine::Mysql,
                "mysql://u:***@db/kefu?ssl_mode=verify_ca&ssl_ca=/ca.pem",
            ),
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.engine(), engine, "{text}");
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("secret"));
        }
    }

    #[test]
    fn bad_addresses_say_what_to_write() {
        for (text, says) in [
            ("", "no scheme"),
            ("kefu.db", "sqlite:data/kefu.db"),
            ("postgres://u:secret@h/d", "mysql://USER"),
            ("mariadb://u:secret@h/d", "mysql:// for MariaDB"),
            ("mysql:typo", "mysql://USER"),
            ("sqlite:", "path of a file"),
            ("sqlite::memory:", "path of a file"),
            ("sqlite://data/kefu.db", "sqlite:data/kefu.db"),
            ("sqlite:file:x.db", "plain path"),
            ("mysql://u:secret@h", "CREATE DATABASE"),
            ("mysql://u:secret@h/", "after the last slash"),
            ("mysql://u:sec/ret@h/d", "%2F"),
            ("mysql://u:sec@ret@h/d", "%40"),
            ("mysql://u:sec#ret@h/d", "%23"),
            ("mysql://u:secret@h:x/d", "port"),
            ("mysql://u:secret@h:0/d", "port"),
            ("mysql://u:secret@/d", "no host"),
            ("mysql://h/d", "no user"),
            (
                "mysql://u@h/d?charset=utf8",
                "unknown parameter \"charset\"",
            ),
            ("mysql://u@h/d?ssl_mode=on", "unknown ssl_mode"),
            ("mysql://u@h/d?ssl_mode=verify_ca", "ssl_ca=FILE"),
            ("mysql://u@h/d?ssl_ca=", "no value"),
            ("mysql://u@h/d?ssl_ca=a&ssl_ca=b", "twice"),
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
            assert!(!error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn tls_that_is_asked_for_is_insisted_on() {
        for (query, encrypted) in [
            ("", false),
            ("?ssl_mode=preferred", false),
            ("?ssl_mode=disabled&ssl_ca=/ca.pem", false),
            ("?ssl_ca=/ca.pem", true),
            ("?ssl_mode=required&ssl_ca=/ca.pem", true),
        ] {
            let url: DatabaseUrl = format!("mysql://u@h/d{query}").parse().unwrap();
            assert_eq!(url.encrypted, encrypted, "{query}");
        }
    }
}
