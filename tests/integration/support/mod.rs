//! What every test stands on: databases of their own, servers, and the people who talk to them.

mod client;
mod database;
mod history;
mod mariadb;
mod person;
pub mod raw;
mod server;
mod torture;

use client::is_timeout;
pub use client::{Client, Event, token};
pub use database::{Database, Engine, Row};
pub use history::settle_and_check;
pub use mariadb::MariaDb;
pub use person::{Line, Pass, Person, connect_from};
pub use server::{ADMIN_PASSWORD, Answer, Server, ServerBuilder};
pub use torture::{peers, rounds, seconds};

/// Makes two tests of a function that takes an [`Engine`]: `name::sqlite` and `name::mysql`.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident)*) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                super::$name($crate::support::Engine::Sqlite);
            }

            #[test]
            fn mysql() {
                super::$name($crate::support::Engine::Mysql);
            }
        }
    )*};
}
