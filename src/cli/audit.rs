//! Tells whether the events that a log store gives back are those that were told.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use super::command::{Input, Output, Proof, Verification};
use super::failure::{Ending, Failure, lower};
use crate::audit::{Checkpoint, Export, Findings, Stream};

/// Reads all lines, and prints what was found of each stream.
pub(super) fn verify(verification: &Verification) -> Result<Ending, Failure> {
    let mut heads = verification.heads.clone();
    if let Some(proof) = &verification.proof {
        heads.extend(proven(proof)?);
    }
    let findings = export(&verification.input)?.examine(&heads);
    if findings.streams.is_empty() {
        return Err(Failure::new(
            format!("none of {} lines carries an event", findings.without),
            "export lines in the formats json, ocsf, ecs or cloudevents; cef and leef do not have the bytes that were hashed",
        ));
    }
    match verification.output {
        Output::Text => super::data(&page(&findings))?,
        Output::Json => super::data(&serde_json::to_string_pretty(&object(&findings)).expect("plain data is always JSON"))?,
    }
    Ok(if is_whole(&findings) { Ending::Done } else { Ending::Negative })
}

/// All lines of an input.
pub(super) fn export(input: &Input) -> Result<Export, Failure> {
    match input {
        Input::Standard => lines(std::io::stdin().lock()),
        Input::File(path) => lines(BufReader::new(File::open(path).map_err(|error| Failure::unreadable(path, &error))?)),
    }
}

fn lines(mut input: impl BufRead) -> Result<Export, Failure> {
    let mut export = Export::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line).map_err(|error| {
            Failure::new(format!("cannot read on: {}", lower(&error)), "check the file, or the command that writes to standard input")
        })?;
        if read == 0 {
            return Ok(export);
        }
        // What is no text has been changed: it is read as something else then, and does not fit.
        export.read(&String::from_utf8_lossy(&line));
    }
}

/// The heads of all checkpoints of a file. One that is in doubt proves nothing, and so does the file.
fn proven(Proof { checkpoints, key }: &Proof) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(checkpoints).map_err(|error| Failure::unreadable(checkpoints, &error))?;
    let mut heads = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let checkpoint = Checkpoint::read(text, key).map_err(|doubt| {
            let what = format!("cannot trust line {line} of {}: {doubt}", checkpoints.display());
            Failure::new(what, "take the checkpoints from where only `serin audit checkpoint` writes, and the key from whoever runs that")
        })?;
        heads.extend(checkpoint.heads.into_iter().map(|head| head.head));
    }
    Ok(heads)
}

fn is_whole(findings: &Findings) -> bool {
    findings.missing.is_empty() && findings.streams.iter().all(|stream| stream.broken.is_none())
}

fn page(findings: &Findings) -> String {
    let mut page = String::new();
    for Stream { uid, rollout, events, repeated, from, to, head, broken } in &findings.streams {
        let verdict = if broken.is_some() { "broken" } else { "whole" };
        let rollout = rollout.as_deref().unwrap_or("unknown rollout");
        // Writing to a String cannot fail.
        let _ = writeln!(page, "{verdict}  {rollout}  stream {uid}: {events} events, {from} to {to}, {repeated} lines repeated");
        let _ = match broken {
            Some(broken) => writeln!(page, "        {broken}"),
            None => writeln!(page, "        head {head}"),
        };
    }
    for hash in &findings.missing {
        let _ = writeln!(page, "broken  no event has the hash {hash}: what was told up to it is cut off");
    }
    if findings.without > 0 {
        let _ = writeln!(page, "{} lines carry no event", findings.without);
    }
    page
}

fn object(findings: &Findings) -> Value {
    let stream = |stream: &Stream| {
        let Stream { uid, rollout, events, repeated, from, to, head, broken } = stream;
        json!({
            "stream": uid, "rollout": rollout, "events": events, "repeated": repeated, "from": from, "to": to, "head": head,
            "whole": broken.is_none(), "broken": broken.as_ref().map(ToString::to_string),
        })
    };
    json!({
        "whole": is_whole(findings),
        "streams": findings.streams.iter().map(stream).collect::<Vec<_>>(),
        "missingHeads": findings.missing,
        "linesWithoutEvent": findings.without,
    })
}
