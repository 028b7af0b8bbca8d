//! A desk in a private room: how much a thousand conversations can say, what ten thousand connections cost,
//! how soon a message is on the other side's screen among them, and how they come back when all are cut off.

use std::{
    io,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use crate::{
    crowd::{Crowd, Heard, Who, percentiles},
    server::{Kind, Programs, Room, Server},
    wire::{hello, post, wrong},
};

/// Connections.
pub const CROWD: usize = 10_000;
/// Who of them has a conversation.
const TALKERS: usize = 1_000;
/// Messages a second while latency is measured.
pub const RATE: u32 = 500;
/// Those who are not cut off, and what they say a second meanwhile.
const OTHERS: usize = 20;
const OTHERS_RATE: u32 = 100;
const AGENTS: usize = 2;

/// Messages a second of a thousand conversations, the customer and an agent in turn, each as soon as they
/// have the other's; and what the writer alone reaches with the same messages.
pub struct Throughput {
    pub messages: f64,
    pub writer_alone: f64,
    /// CPU time of the server's process for a message.
    pub server_us: f64,
}

/// What ten thousand are like.
pub struct Figures {
    pub idle_kib: f64,
    /// More than before anybody came, once all had left.
    pub kept_kib: f64,
    /// p50 and p99 from before a customer's write until after the agent's read, and back.
    pub to_agent_ms: (f64, f64),
    pub to_customer_ms: (f64, f64),
    /// p50 and p99 of storing alone, at the same rate.
    pub commit_ms: (f64, f64),
    /// Until the last one was back.
    pub back_s: f64,
    /// How often somebody was told to try again meanwhile.
    pub refused: f64,
    /// p99 of the others meanwhile, and before.
    pub others_ms: (f64, f64),
}

/// From nothing to `/readyz`, on a database that is there.
pub struct Start {
    pub ready_ms: f64,
    pub idle_mib: f64,
    pub binary_mib: f64,
}

fn agent_hello(bearer: &str) -> String {
    format!(r#"{{"type":"hello","as":"agent","token":"{bearer}","resume":{{}}}}"#)
}

/// Customers and agents, all in; the agents come first.
fn people(server: &Server, customers: usize) -> io::Result<(Crowd, Vec<Who>, Vec<Who>)> {
    let bearer = server.sign_in()?;
    let mut crowd = Crowd::new(server.address)?;
    let agents: Vec<_> = (0..AGENTS)
        .map(|_| crowd.add(agent_hello(&bearer)))
        .collect();
    let customers: Vec<_> = (0..customers).map(|n| crowd.add(hello(n, ""))).collect();
    crowd.bring(agents.iter().chain(&customers).copied())?;
    Ok((crowd, agents, customers))
}

/// Everybody of these says their first word, so that there is a conversation.
fn begin(crowd: &mut Crowd, customers: &[Who]) -> io::Result<()> {
    for (number, who) in customers.iter().enumerate() {
        crowd.send(*who, &post("null", &format!("f-{number}"), "hello"))?;
    }
    let (mut left, until) = (customers.len(), Instant::now() + Duration::from_secs(30));
    let first = customers[0];
    while left > 0 {
        if Instant::now() > until {
            return Err(wrong("not every conversation began within half a minute"));
        }
        crowd.turn(Duration::from_secs(1), |_, who, heard| {
            if who >= first && matches!(heard, Heard::Posted(_)) {
                left -= 1;
            }
            Ok(())
        })?;
    }
    Ok(())
}

pub fn throughput(programs: &Programs, measured: Duration) -> io::Result<Throughput> {
    let server = Server::start(Kind::KefuMariaDb, programs, Room::Private)?;
    let (mut crowd, agents, customers) = people(&server, TALKERS)?;
    begin(&mut crowd, &customers)?;
    let conversations: Vec<_> = (customers.iter())
        .map(|who| crowd.conversation(*who).map(|id| format!("\"{id}\"")))
        .collect();
    let first = customers[0];
    let mut keys = 0_u64;
    let mut key = move || {
        keys += 1;
        format!("d-{keys}")
    };
    for who in &customers {
        crowd.send(*who, &post("null", &key(), &text('c', *who)))?;
    }
    let (mut said, mut before, mut counted) = (0_u64, Duration::ZERO, None);
    let warm = Instant::now() + Duration::from_secs(2);
    let mut end = warm + measured;
    loop {
        let now = Instant::now();
        if counted.is_none() && now >= warm {
            (before, counted, said) = (server.cpu()?, Some(now), 0);
            end = now + measured;
        } else if now >= end {
            break;
        }
        crowd.turn(Duration::from_millis(10), |crowd, who, heard| {
            let Heard::Posted(posted) = heard else {
                return Ok(());
            };
            let Some((side, customer)) = read(posted.text) else {
                return Ok(());
            };
            // Each conversation has its agent, who is one of several that see it.
            if side == b'c' && who == agents[customer % AGENTS] {
                said += 1;
                let conversation = conversations[customer - first].as_deref();
                let conversation = conversation.ok_or_else(|| wrong("no conversation"))?;
                crowd.send(who, &post(conversation, &key(), &text('a', customer)))?;
            } else if side == b'a' && who == customer {
                said += 1;
                crowd.send(who, &post("null", &key(), &text('c', customer)))?;
            }
            Ok(())
        })?;
    }
    let took = counted.unwrap_or(warm).elapsed().as_secs_f64();
    let used = server.cpu()?.saturating_sub(before);
    drop(crowd);
    drop(server);
    let alone = writes(programs, &["--seconds", &measured.as_secs().to_string()])?;
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let said = said as f64;
    Ok(Throughput {
        messages: said / took,
        writer_alone: alone.0,
        server_us: used.as_secs_f64() * 1e6 / said,
    })
}

/// 64 bytes with who is talked about.
fn text(side: char, customer: Who) -> String {
    format!("{side}{customer:08}{}", "x".repeat(55))
}

fn read(text: &[u8]) -> Option<(u8, Who)> {
    let (side, rest) = text.split_first()?;
    let digits = std::str::from_utf8(rest.get(..8)?).ok()?;
    Some((*side, digits.parse().ok()?))
}

/// `kefu dev measure-writes`: messages a second, and p50 and p99 of storing one in milliseconds.
fn writes(programs: &Programs, arguments: &[&str]) -> io::Result<(f64, (f64, f64))> {
    let database = programs.create_database()?;
    let output = Command::new(&programs.kefu)
        .args(["dev", "measure-writes", "--database-url", &database])
        .args(["--conversations", &TALKERS.to_string()])
        .args(arguments)
        .output()?;
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let figures: Vec<f64> = line
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    match figures.as_slice() {
        [rate, p50, p99] => Ok((*rate, (*p50, *p99))),
        _ => Err(wrong(&format!(
            "measure-writes: {line}{}",
            String::from_utf8_lossy(&output.stderr)
        ))),
    }
}

/// Somebody says something at a steady rate, and when the other side has it is taken down.
struct Talk {
    rate: u32,
    number: usize,
    sent: Vec<Instant>,
    to_agent: Vec<Duration>,
    to_customer: Vec<Duration>,
}

impl Talk {
    fn new(rate: u32) -> Self {
        Self {
            rate,
            number: 0,
            sent: Vec::new(),
            to_agent: Vec::new(),
            to_customer: Vec::new(),
        }
    }

    /// Talks on among these until it says that it is enough; then waits until all has come.
    fn go_on(
        &mut self,
        crowd: &mut Crowd,
        agents: &[Who],
        talkers: &[Who],
        mut enough: impl FnMut(&mut Crowd) -> io::Result<bool>,
    ) -> io::Result<()> {
        let began = Instant::now();
        let (base, mut said) = (self.sent.len(), 0_u32);
        let mut ended = None;
        loop {
            let due = began + Duration::from_secs(1) * said / self.rate;
            let heard = self.to_agent.len() + self.to_customer.len();
            match ended {
                None if enough(crowd)? => ended = Some(Instant::now()),
                None if Instant::now() >= due => {
                    self.say(crowd, agents, talkers)?;
                    said += 1;
                    continue;
                }
                Some(_) if heard == self.sent.len() => return Ok(()),
                Some(since) if since.elapsed() > Duration::from_secs(10) => {
                    return Err(wrong(&format!(
                        "{heard} of {} came",
                        self.sent.len() - base
                    )));
                }
                _ => {}
            }
            let wait = due.saturating_duration_since(Instant::now());
            crowd.turn(wait.min(Duration::from_millis(5)), |_, who, heard| {
                if let Heard::Posted(posted) = heard
                    && let Some((side, number)) = read(posted.text)
                    && let Some(sent) = self.sent.get(number)
                {
                    let took = sent.elapsed();
                    if side == b'c' && who == agents[0] {
                        self.to_agent.push(took);
                    } else if side == b'a' && !agents.contains(&who) {
                        self.to_customer.push(took);
                    }
                }
                Ok(())
            })?;
        }
    }

    fn say(&mut self, crowd: &mut Crowd, agents: &[Who], talkers: &[Who]) -> io::Result<()> {
        let number = self.sent.len();
        let customer = talkers[(number / 2) % talkers.len()];
        let key = format!("t-{}-{number}", self.rate);
        self.number += 1;
        self.sent.push(Instant::now());
        if number.is_multiple_of(2) {
            crowd.send(customer, &post("null", &key, &text('c', number)))
        } else {
            let id = crowd.conversation(customer);
            let id = id.ok_or_else(|| wrong("no conversation"))?;
            let agent = agents[(number / 2) % agents.len()];
            crowd.send(agent, &post(&format!("\"{id}\""), &key, &text('a', number)))
        }
    }
}

/// These talk for so long.
fn talk_for(
    crowd: &mut Crowd,
    agents: &[Who],
    talkers: &[Who],
    rate: u32,
    time: Duration,
) -> io::Result<Talk> {
    let mut talk = Talk::new(rate);
    let until = Instant::now() + time;
    talk.go_on(crowd, agents, talkers, |_| Ok(Instant::now() >= until))?;
    Ok(talk)
}

/// All of these are cut off, and come back as browsers do: by themselves, in no order, within the first second.
/// Seconds until the last is in.
fn all_back(crowd: &mut Crowd, cut: &[Who]) -> io::Result<f64> {
    for (number, who) in cut.iter().enumerate() {
        crowd.go(*who);
        crowd.resume(*who, number);
    }
    let cut_off = Instant::now();
    let (mut left, mut next) = (cut.len(), 0);
    while left > 0 {
        let since = cut_off.elapsed();
        let due = if since > Duration::from_secs(1) {
            cut.len()
        } else {
            cut.len() * usize::try_from(since.as_millis()).unwrap_or(0) / 1_000
        };
        while next < due {
            crowd.come(cut[next])?;
            next += 1;
        }
        if since > Duration::from_secs(60) {
            return Err(wrong(&format!("{left} are not back")));
        }
        crowd.turn(Duration::from_millis(5), |_, who, heard| {
            if matches!(heard, Heard::In) && who >= cut[0] {
                left -= 1;
            }
            Ok(())
        })?;
    }
    Ok(cut_off.elapsed().as_secs_f64())
}

pub fn crowd(programs: &Programs, measured: Duration) -> io::Result<Figures> {
    let server = Server::start(Kind::KefuMariaDb, programs, Room::Private)?;
    let bearer = server.sign_in()?;
    std::thread::sleep(Duration::from_secs(1));
    let before = server.memory()?;
    let mut crowd = Crowd::new(server.address)?;
    let agents: Vec<_> = (0..AGENTS)
        .map(|_| crowd.add(agent_hello(&bearer)))
        .collect();
    let cut: Vec<_> = (0..CROWD).map(|n| crowd.add(hello(n, ""))).collect();
    crowd.bring(cut.iter().copied())?;
    std::thread::sleep(Duration::from_secs(3));
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let per_head = |now: u64| (now as f64 - before as f64) / 1024.0 / cut.len() as f64;
    let idle_kib = per_head(server.memory()?);

    crowd.bring(agents.iter().copied())?;
    // The others, with agents of their own, whom the crowd does not keep waiting on this side.
    let mut desk = Crowd::new(server.address)?;
    let colleagues: Vec<_> = (0..AGENTS)
        .map(|_| desk.add(agent_hello(&bearer)))
        .collect();
    let others: Vec<_> = (CROWD..CROWD + OTHERS)
        .map(|n| desk.add(hello(n, "")))
        .collect();
    desk.bring(colleagues.iter().chain(&others).copied())?;
    begin(&mut crowd, &cut[..TALKERS])?;
    let Talk {
        to_agent,
        to_customer,
        ..
    } = talk_for(&mut crowd, &agents, &cut[..TALKERS], RATE, measured)?;

    begin(&mut desk, &others)?;
    let quiet = talk_for(&mut desk, &colleagues, &others, OTHERS_RATE + 1, measured)?;
    let quiet = [quiet.to_agent, quiet.to_customer].concat();

    // All at once: gone, and back as soon as they can.
    let mut meanwhile = Talk::new(OTHERS_RATE);
    let over = AtomicBool::new(false);
    let back_s = std::thread::scope(|scope| {
        let talk = scope.spawn(|| {
            meanwhile.go_on(&mut desk, &colleagues, &others, |_| {
                Ok(over.load(Ordering::Relaxed))
            })
        });
        let back_s = all_back(&mut crowd, &cut);
        over.store(true, Ordering::Relaxed);
        let talked = talk.join().map_err(|_| wrong("the others are gone"))?;
        talked.and(back_s)
    })?;
    let others_meanwhile = [meanwhile.to_agent, meanwhile.to_customer].concat();
    #[allow(clippy::cast_precision_loss, reason = "some thousands")]
    let refused = crowd.refusals as f64;
    drop((crowd, desk));
    std::thread::sleep(Duration::from_secs(12));
    let kept_kib = per_head(server.memory()?);
    drop(server);
    let (_, commit_ms) = writes(
        programs,
        &[
            "--seconds",
            &measured.as_secs().to_string(),
            "--rate",
            &RATE.to_string(),
        ],
    )?;
    Ok(Figures {
        idle_kib,
        kept_kib,
        to_agent_ms: percentiles(to_agent),
        to_customer_ms: percentiles(to_customer),
        commit_ms,
        back_s,
        refused,
        others_ms: (percentiles(others_meanwhile).1, percentiles(quiet).1),
    })
}

pub fn start(programs: &Programs) -> io::Result<Start> {
    let mut server = Server::start(Kind::KefuMariaDb, programs, Room::Private)?;
    let ready = server.restart()?;
    std::thread::sleep(Duration::from_secs(3));
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    Ok(Start {
        ready_ms: ready.as_secs_f64() * 1e3,
        idle_mib: mib(server.memory()?),
        binary_mib: mib(std::fs::metadata(&programs.kefu)?.len()),
    })
}
