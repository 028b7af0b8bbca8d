//! The command line of `kefu`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, IsTerminal, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use chrono::{Days, NaiveDate, NaiveTime};
use clap::{
    Parser,
    error::{ContextKind, ContextValue},
};
use kefu::{
    backup::{self, Held},
    config::{
        self, AgentVerb, Cli, DatabaseArgs, DevVerb, ExportArgs, ImportArgs, LogFormat,
        RetentionVerb, ServeArgs, Verb,
    },
    dev,
    domain::{
        AuditAction, AuditActor, HistoryFilter, NewAuditEntry, RoomKind, Timestamp, Token, now,
        rfc3339,
    },
    export::{self, About, Format, Language, ToFile, Totals},
    files::Files,
    import, password,
    retention::{self, Ran},
    server,
    store::{Store, StoreError, StoreOptions},
};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|mut error| {
        keep_secret(&mut error);
        error.exit()
    });
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("kefu: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The address of a database may hold a password, and what is printed here ends up in a log.
fn keep_secret(error: &mut clap::Error) {
    let of_database = matches!(
        error.get(ContextKind::InvalidArg),
        Some(ContextValue::String(argument)) if argument.starts_with("--database-url")
    );
    if of_database {
        let hidden = ContextValue::String("***".to_owned());
        error.insert(ContextKind::InvalidValue, hidden);
    }
}

fn run(verb: Verb) -> Result<(), String> {
    match verb {
        Verb::Serve(settings) => {
            check(&settings)?;
            start_log(&settings);
            server::run(*settings).map_err(|error| error.to_string())
        }
        Verb::CheckConfig(settings) => {
            check(&settings)?;
            println!("the settings are right");
            Ok(())
        }
        Verb::Migrate(database) => {
            let applied = Store::migrate_only(&database.database_url).map_err(|e| e.to_string())?;
            match applied.len() {
                0 => println!("the database is current"),
                _ => applied.iter().for_each(|name| println!("applied {name}")),
            }
            Ok(())
        }
        Verb::Agent(verb) => agent(verb),
        Verb::Export(wanted) => export(&wanted),
        Verb::Import(wanted) => import(&wanted),
        Verb::Dev(verb) => dev(verb),
        Verb::Backup(args) => {
            let files = open_files(&args.files)?;
            let held = backup::backup(&args.database.database_url, &files, &args.file);
            let Held { rows, files } = held.map_err(|error| error.to_string())?;
            println!(
                "wrote {rows} rows and {files} files to {}",
                args.file.display()
            );
            Ok(())
        }
        Verb::Restore(args) => {
            let files = open_files(&args.files)?;
            let held = backup::restore(&args.database.database_url, &files, &args.file);
            let Held { rows, files } = held.map_err(|error| error.to_string())?;
            println!("restored {rows} rows and {files} files");
            Ok(())
        }
        Verb::Retention(verb) => retention(verb),
    }
}

fn check(settings: &ServeArgs) -> Result<(), String> {
    let problems = settings.problems();
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the settings need a look:\n  {}",
        problems.join("\n  ")
    ))
}

fn start_log(settings: &ServeArgs) {
    let filter = tracing_subscriber::EnvFilter::new(&settings.log);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // It would be told on stderr as well, by a macro that panics where that cannot be written: a full disk
        // that has the log on it would be the end of the thread that stores.
        .log_internal_errors(false);
    match settings.log_format {
        LogFormat::Human => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

fn agent(verb: AgentVerb) -> Result<(), String> {
    match verb {
        AgentVerb::Add {
            database,
            username,
            name,
            role,
        } => {
            let username = user_name(&username)?;
            let store = open(&database)?;
            let hash = password::hash(&ask_password()?)?;
            let name = name.unwrap_or_else(|| username.clone());
            let name = config::name(&name)
                .ok_or("a name has 1 to 100 characters, none of them a control character")?;
            match store.create_account(&username, &name, role, &hash) {
                Ok(_) => println!("made the account {username} ({})", role.as_str()),
                Err(StoreError::UsernameTaken) => {
                    return Err(format!("there is an account {username} already"));
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        AgentVerb::List { database } => {
            for account in open(&database)?.accounts().map_err(|e| e.to_string())? {
                let state = match account.disabled_at {
                    None => String::new(),
                    Some(at) => format!("  disabled {}", rfc3339(at)),
                };
                let (me, username) = (account.me, account.username);
                println!(
                    "{:>4}  {username:<24} {:<10} {}{state}",
                    me.id,
                    me.role.as_str(),
                    me.name
                );
            }
        }
        AgentVerb::SetPassword { database, username } => {
            let username = user_name(&username)?;
            let store = open(&database)?;
            let hash = password::hash(&ask_password()?)?;
            known(&username, store.set_password(&username, &hash))?;
            println!("{username} has a new password and is signed out everywhere");
        }
        AgentVerb::TotpOff { database, username } => {
            let username = user_name(&username)?;
            known(&username, open(&database)?.reset_totp_of(&username))?;
            println!("{username} signs in by the password alone and is signed out everywhere");
        }
        AgentVerb::Disable { database, username } => {
            let username = user_name(&username)?;
            known(&username, open(&database)?.disable_account(&username))?;
            println!("{username} can sign in no more and is signed out everywhere");
        }
    }
    Ok(())
}

fn export(wanted: &ExportArgs) -> Result<(), String> {
    let ending = wanted.file.extension().and_then(|ending| ending.to_str());
    let format = wanted.format.as_deref().or(ending).unwrap_or_default();
    let format = Format::parse(format).ok_or("--format must be csv, jsonl or html")?;
    let filter = HistoryFilter::read(|name| wanted.asked(name))
        .map_err(|refusal| format!("--{}", refusal.message))?;
    let asked = |name: &str| Some((name.to_owned(), wanted.asked(name)?.to_owned()));
    let about = About {
        filter: HistoryFilter::NAMES.into_iter().filter_map(asked).collect(),
        by: "the command line".to_owned(),
        made_at: now(),
        language: Language::parse(&wanted.language).ok_or("--language must be en or zh")?,
    };
    let store = open(&wanted.database)?;
    let entry = NewAuditEntry::new(AuditActor::command_line(), AuditAction::Exported)
        .with("format", format.as_str())
        .with("filter", about.asked());
    let to_file = ToFile {
        path: wanted.file.clone(),
        format,
        filter,
        about,
    };
    let seen = io::stderr().is_terminal();
    let said = |totals: Totals| {
        let Totals {
            conversations,
            messages,
        } = totals;
        format!("{conversations} conversations, {messages} messages")
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| error.to_string())?;
    let done = runtime.block_on(async {
        let told = store.record(entry).await;
        told.map_err(|error| error.to_string())?;
        let progress = |totals, reached: Option<Timestamp>| {
            if seen && let Some(reached) = reached {
                eprint!("\r{}, back to {} ", said(totals), reached.date_naive());
            }
        };
        export::to_file(&store, to_file, progress).await
    });
    if seen {
        eprintln!();
    }
    println!("wrote {}: {}", wanted.file.display(), said(done?));
    Ok(())
}

fn import(wanted: &ImportArgs) -> Result<(), String> {
    let name = wanted.file.display().to_string();
    let told = |error: io::Error| format!("{name}: {error}");
    let mut file = match name.as_str() {
        // It is read twice.
        "-" => put_down(&mut io::stdin().lock()),
        _ => File::open(&wanted.file),
    }
    .map_err(told)?;
    let held = import::check(&file).map_err(|why| format!("{name}: {why}"))?;
    let options = StoreOptions {
        readers: 1,
        // Nobody waits for an answer, and a busy database is no reason to stop.
        patience: Duration::from_secs(30),
        ..StoreOptions::new(wanted.database.database_url.clone(), RoomKind::Private)
    };
    let store = Store::open(options).map_err(|error| error.to_string())?;
    let seen = io::stderr().is_terminal();
    let progress = |done| {
        if seen {
            eprint!("\r{done} of {} messages", held.messages);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| error.to_string())?;
    let done = runtime.block_on(async {
        let entry = NewAuditEntry::new(AuditActor::command_line(), AuditAction::Imported)
            .with("conversations", held.conversations)
            .with("messages", held.messages);
        let told = store.record(entry).await;
        told.map_err(|error| error.to_string())?;
        import::run(&store, &mut file, progress).await
    });
    if seen {
        eprintln!();
    }
    let done = done.map_err(|why| format!("{name}: {why}"))?;
    for (line, id) in &done.left {
        println!("line {line}: conversation {id} goes on in another way here; it stays as it is");
    }
    for username in &done.accounts {
        println!("made the account {username}, which is disabled");
    }
    if done.files > 0 {
        println!(
            "{} messages have files, whose bytes are not part of an export: copy them from the other KEFU_FILES",
            done.files
        );
    }
    println!(
        "imported {} conversations with {} messages; {} were there already",
        done.conversations, done.messages, done.known
    );
    Ok(())
}

/// Puts what comes into a file that nobody else sees, and that is gone when this program is.
fn put_down(from: &mut impl io::Read) -> io::Result<File> {
    let name = Token::random().map_err(io::Error::other)?;
    let path = std::env::temp_dir().join(format!("kefu-import-{}", name.expose()));
    let mut options = OpenOptions::new();
    let mut file = (options.read(true).write(true).create_new(true))
        .mode(0o600)
        .open(&path)?;
    fs::remove_file(&path)?;
    io::copy(from, &mut file)?;
    file.rewind()?;
    Ok(file)
}

fn dev(verb: DevVerb) -> Result<(), String> {
    match verb {
        DevVerb::Seed {
            database,
            messages,
            conversations,
            seed,
            until,
            append,
        } => {
            let store = open(&database)?;
            let plan = plan(messages, conversations, seed, append, until);
            let began = Instant::now();
            fill(&store, plan)?;
            let seconds = began.elapsed().as_secs_f64();
            println!("made {messages} messages in {seconds:.1} s");
        }
        DevVerb::MeasureHistory { database, messages } => {
            let options = StoreOptions::new(database.database_url, RoomKind::Private);
            let store = Store::open(options).map_err(|error| error.to_string())?;
            match fill(&store, plan(messages, None, 1, false, None)) {
                Ok(()) => println!("made {messages} messages"),
                Err(why) => println!("{why}: measured as they are"),
            }
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .map_err(|error| error.to_string())?;
            let folder = std::env::temp_dir().join(format!("kefu-measure-{}", std::process::id()));
            fs::create_dir(&folder).map_err(|error| error.to_string())?;
            let measured = runtime.block_on(dev::measure::history(&store, &folder));
            let removed = fs::remove_dir_all(&folder);
            measured.map_err(|error| error.to_string())?;
            removed.map_err(|error| error.to_string())?;
        }
        DevVerb::MeasureWrites {
            database,
            conversations,
            seconds,
            rate,
        } => {
            let load = dev::writes::Load {
                conversations,
                seconds,
                rate,
            };
            let figures = dev::writes::measure(&open(&database)?, load);
            let figures = figures.map_err(|error| error.to_string())?;
            let ms = |took: std::time::Duration| took.as_secs_f64() * 1e3;
            let (p50, p99) = figures.took;
            println!(
                "{:.0} messages/s, {:.3} ms median, {:.3} ms p99",
                figures.messages,
                ms(p50),
                ms(p99)
            );
        }
    }
    Ok(())
}

fn plan(
    messages: u64,
    conversations: Option<u64>,
    seed: u64,
    append: bool,
    until: Option<NaiveDate>,
) -> dev::Plan {
    let until = until.unwrap_or_else(|| now().date_naive() - Days::new(1));
    dev::Plan {
        messages,
        conversations: conversations.unwrap_or(messages / 10).max(1),
        seed,
        append,
        until: (until + Days::new(1)).and_time(NaiveTime::MIN),
    }
}

/// Shows how far it is where somebody looks.
fn fill(store: &Store, plan: dev::Plan) -> Result<(), String> {
    let live = io::stderr().is_terminal();
    let progress = |done| {
        if live {
            eprint!("\r{done} of {} messages", plan.messages);
        }
    };
    let done = dev::seed(store, plan, progress).map_err(|error| error.to_string());
    if live {
        eprintln!();
    }
    done
}

fn retention(verb: RetentionVerb) -> Result<(), String> {
    let RetentionVerb::Run {
        database,
        files,
        dry_run,
    } = verb;
    let store = open(&database)?;
    let files = open_files(&files)?;
    let rules = store.settings().current().retention.clone();
    let done = actix::System::new().block_on(async {
        if dry_run {
            return retention::dry_run(&store, &rules).await.map(Ran::Through);
        }
        retention::run(&store, &files, &rules, &AuditActor::command_line()).await
    });
    match done.map_err(|error| error.to_string())? {
        Ran::Elsewhere => Err("another process is at it".to_owned()),
        Ran::Through(count) => {
            let would = if dry_run { "would delete" } else { "deleted" };
            println!(
                "{would} {} conversations with {} messages and {} files ({} bytes)",
                count.conversations, count.messages, count.files, count.bytes
            );
            Ok(())
        }
    }
}

fn open_files(folder: &Path) -> Result<Files, String> {
    Files::open(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn known(username: &str, found: Result<bool, StoreError>) -> Result<(), String> {
    match found {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("there is no account {username}")),
        Err(error) => Err(error.to_string()),
    }
}

fn user_name(typed: &str) -> Result<String, String> {
    config::username(typed)
        .ok_or_else(|| format!("{typed:?}: a user name is 1 to 64 of a-z 0-9 . _ - @"))
}

fn open(database: &DatabaseArgs) -> Result<Store, String> {
    let options = StoreOptions {
        readers: 1,
        ..StoreOptions::new(database.database_url.clone(), RoomKind::Private)
    };
    Store::open(options).map_err(|error| error.to_string())
}

/// Reads a password from the terminal or, for scripts, one line from standard input.
fn ask_password() -> Result<String, String> {
    let password = if io::stdin().is_terminal() {
        print!("Password: ");
        io::stdout().flush().map_err(|error| error.to_string())?;
        rpassword::read_password().map_err(|error| error.to_string())?
    } else {
        let mut line = String::new();
        io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    if config::password_is_acceptable(&password) {
        Ok(password)
    } else {
        Err("a password has 8 to 200 characters".to_owned())
    }
}
