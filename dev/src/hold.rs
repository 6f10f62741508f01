//! How does a plane outlive the command that started it, until somebody takes it down?
//!
//! `up` starts a process that holds the plane, and remembers where; `down` asks that process to end over a socket in the plane's folder. Nobody is
//! killed by number, so nobody else can be hit.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use crate::pins::Kit;
use crate::plane::{Audit, ControlPlane, Options};
use crate::tools::{Tools, cache_dir, lock};

/// Where a held plane is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Held {
    /// The admin's kubeconfig.
    pub kubeconfig: PathBuf,
    /// Where Prometheus answers.
    pub prometheus: String,
    /// Where the traffic tells what it counted.
    pub traffic: String,
    /// The logs of all parts.
    pub logs: PathBuf,
    /// The audit log, if there is one.
    pub audit_log: Option<PathBuf>,
    /// kubectl and the other programs.
    pub tools: PathBuf,
    socket: PathBuf,
}

/// Starts a plane that stays until [`down`]. One of that name that runs already is reused.
///
/// # Errors
/// The tools cannot be built, or the plane does not start.
pub fn up(options: &Options) -> Result<Held> {
    let _only_one = lock(&note(&options.name, "lock")?)?;
    if let Some(held) = held(&options.name)?.filter(|held| UnixStream::connect(&held.socket).is_ok()) {
        return Ok(held);
    }
    Tools::ensure(Kit::Plane)?;
    let mut holder = Command::new(std::env::current_exe().context("cannot find this program")?);
    holder.args(["hold", "--name", &options.name, "--nodes", &options.nodes.to_string()]);
    match options.audit {
        Audit::Off => {}
        Audit::On => {
            holder.arg("--audit");
        }
    }
    let mut holder = holder.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0).spawn()?;
    let mut answer = String::new();
    BufReader::new(holder.stdout.take().context("the holder has no output")?).read_line(&mut answer)?;
    let answer: Result<Held, String> = serde_json::from_str(&answer).context("the process that holds the plane ended without a word")?;
    let held = answer.map_err(anyhow::Error::msg)?;
    std::fs::write(note(&options.name, "json")?, serde_json::to_vec(&held)?)?;
    Ok(held)
}

/// Takes a plane down and waits until nothing of it is left. True if there was one.
///
/// # Errors
/// The plane does not answer.
pub fn down(name: &str) -> Result<bool> {
    let _only_one = lock(&note(name, "lock")?)?;
    let Some(held) = held(name)? else { return Ok(false) };
    let running = match UnixStream::connect(&held.socket) {
        // The holder closes the socket when the plane is gone.
        Ok(mut socket) => {
            socket.write_all(b"stop\n").and_then(|()| socket.read_to_end(&mut Vec::new())).context("the plane does not answer")?;
            true
        }
        Err(_) => false,
    };
    std::fs::remove_file(note(name, "json")?)?;
    Ok(running)
}

/// Holds a plane until it is told to stop, by [`down`] or by SIGTERM or SIGINT. The first line on stdout says where the plane is, or why it is not.
///
/// # Errors
/// The plane did not start; that was said on stdout, too.
pub async fn hold(options: Options) -> Result<()> {
    // A closed terminal is no reason to end.
    let _hang_up = signal(SignalKind::hangup())?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let audit = options.audit;
    let plane = match ControlPlane::start(options).await {
        Ok(plane) => plane,
        Err(error) => {
            say(&Err(format!("{error:#}")))?;
            bail!("{error:#}")
        }
    };
    let socket = plane.dir().join("control");
    let listener = UnixListener::bind(&socket).context("cannot listen for the end")?;
    say(&Ok(Held {
        kubeconfig: plane.kubeconfig(),
        prometheus: plane.prometheus_url(),
        traffic: plane.traffic_url(),
        logs: plane.logs(),
        audit_log: match audit {
            Audit::Off => None,
            Audit::On => Some(plane.audit_log()),
        },
        tools: plane.tools().dir().to_path_buf(),
        socket,
    }))?;
    let asked = tokio::task::spawn_blocking(move || wait_for_stop(&listener));
    let caller = tokio::select! {
        asked = asked => asked.ok(),
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    plane.stop().await;
    drop(caller);
    // The thread that listens cannot be stopped; the process can.
    std::process::exit(0)
}

/// The connection of whoever asked; closing it is the answer.
fn wait_for_stop(listener: &UnixListener) -> UnixStream {
    loop {
        let Ok((mut caller, _)) = listener.accept() else { continue };
        let mut word = [0; 5];
        if caller.read_exact(&mut word).is_ok() && &word == b"stop\n" {
            return caller;
        }
    }
}

fn say(answer: &Result<Held, String>) -> Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", serde_json::to_string(answer)?)?;
    Ok(stdout.flush()?)
}

fn held(name: &str) -> Result<Option<Held>> {
    let path = note(name, "json")?;
    let Ok(file) = File::open(&path) else { return Ok(None) };
    // A note that cannot be read is as good as none.
    Ok(serde_json::from_reader(file).ok())
}

fn note(name: &str, suffix: &str) -> Result<PathBuf> {
    ensure!(
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-'),
        "the name of a plane has letters, digits and `-` only: {name:?}"
    );
    let dir = cache_dir()?.join("planes");
    std::fs::create_dir_all(&dir)?;
    Ok(dir.join(format!("{name}.{suffix}")))
}
