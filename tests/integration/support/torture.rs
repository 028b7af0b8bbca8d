//! How hard the fault tests are: short in `make test`, as long as it takes in `make torture`.

use std::{str::FromStr, time::Duration};

fn hard<T: FromStr>(name: &str, short: T) -> T {
    let Ok(value) = std::env::var(name) else {
        return short;
    };
    let number = value.parse().ok();
    number.unwrap_or_else(|| panic!("{name} is {value:?}; a number is accepted"))
}

/// How often something is done again, by `KEFU_TORTURE_ROUNDS`.
pub fn rounds(short: usize) -> usize {
    hard("KEFU_TORTURE_ROUNDS", short)
}

/// How long something is kept up, by `KEFU_TORTURE_SECONDS`.
pub fn seconds(short: u64) -> Duration {
    Duration::from_secs(hard("KEFU_TORTURE_SECONDS", short))
}

/// How many misbehave at once, by `KEFU_TORTURE_PEERS`.
pub fn peers(short: usize) -> usize {
    hard("KEFU_TORTURE_PEERS", short)
}
