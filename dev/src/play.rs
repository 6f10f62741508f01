//! What happens on the stage of a demo? Three acts: a revision is installed, a good one is promoted, a bad one is rolled back.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::objects::{create, objects_of, repository, rollouts};

/// Each act takes about twenty seconds; nodes that pull an image for the first time take longer.
const ACT_WITHIN: Duration = Duration::from_mins(2);

/// What is played. The first revision is that of the example.
pub(crate) struct Script {
    /// A file of `examples/` with one Rollout, which has the name of the namespace.
    pub(crate) example: &'static str,
    /// Said before the good revision, and its image.
    pub(crate) good: (&'static str, &'static str),
    /// Said before the bad one, and its image.
    pub(crate) bad: (&'static str, &'static str),
}

/// A Rollout before the reader's eyes.
pub(crate) struct Play {
    client: Client,
    rollouts: Api<DynamicObject>,
    name: &'static str,
    log: PathBuf,
    begun: Instant,
}

impl Play {
    /// The Rollout of this name in the namespace of the same name; `log` is what the controller prints.
    pub(crate) fn new(client: Client, name: &'static str, log: PathBuf, begun: Instant) -> Self {
        Self { rollouts: rollouts(&client, name), client, name, log, begun }
    }

    pub(crate) fn rollouts(&self) -> &Api<DynamicObject> {
        &self.rollouts
    }

    /// Plays all acts. `Ok` only if what was promised happened; else the end of the controller's log is told.
    pub(crate) async fn acts(&self, script: &Script) -> Result<()> {
        let outcome = self.try_acts(script).await;
        if let Err(error) = &outcome {
            let said = std::fs::read_to_string(&self.log).unwrap_or_default();
            self.say(&format!("it went wrong: {error:#}\nthe end of the controller's log:\n{}", crate::tools::last_lines(&said, 20)))?;
        }
        outcome
    }

    async fn try_acts(&self, Script { example, good, bad }: &Script) -> Result<()> {
        let mut told = BTreeSet::new();
        self.say(&format!("\n1. kubectl apply -f {example}: the first revision is installed; there is nothing to compare it with"))?;
        for object in objects_of(&std::fs::read_to_string(repository(example))?)? {
            create(&self.client, &object, self.name).await?;
        }
        let first = self.watch(&mut told, |status| status["why"]["reason"] == "Settled").await?;

        self.say(&format!("\n2. {}", good.0))?;
        self.set_image(good.1).await?;
        let second = self.watch(&mut told, |status| status["why"]["reason"] == "Settled" && status["stable"] != first["stable"]).await?;
        ensure!(second["lastOutcome"]["result"] == "Promoted", "the second revision was not promoted: {second:#}");

        self.say(&format!("\n3. {}", bad.0))?;
        self.set_image(bad.1).await?;
        let third = self.watch(&mut told, |status| status["phase"] == "Idle" && status["why"]["reason"] != "Settled").await?;
        ensure!(
            third["why"]["reason"] == "Rejected" && third["stable"] == second["stable"],
            "the third revision was not rolled back: {third:#}"
        );

        for wanted in ["rollout.installed", "rollout.promoted", "rollout.aborted", "rollout.rolled-back"] {
            ensure!(told.iter().any(|line: &String| line.contains(wanted)), "the event {wanted} was not told");
        }
        let words = third["why"]["message"].as_str().unwrap_or_default();
        self.say(&format!("\nthe second revision serves, the third does not: {words}"))
    }

    async fn set_image(&self, image: &str) -> Result<()> {
        let rollout = self.rollouts.get(self.name).await?;
        let mut template = rollout.data["spec"]["template"].clone();
        template["spec"]["containers"][0]["image"] = json!(image);
        self.rollouts.patch(self.name, &PatchParams::default(), &Patch::Merge(json!({"spec": {"template": template}}))).await?;
        Ok(())
    }

    /// Prints what changes and what is told, until the status of the newest spec is what it should become.
    async fn watch(&self, told: &mut BTreeSet<String>, done: impl Fn(&Value) -> bool) -> Result<Value> {
        let (begun, mut last) = (Instant::now(), String::new());
        loop {
            let rollout = self.rollouts.get(self.name).await?;
            let status = rollout.data.get("status").cloned().unwrap_or_default();
            let line = line(&status);
            if line != last && !line.is_empty() {
                self.say(&line)?;
                last = line;
            }
            self.tell(told)?;
            if status["observedGeneration"].as_i64() == rollout.metadata.generation && done(&status) {
                sleep(Duration::from_millis(300)).await;
                self.tell(told)?;
                return Ok(status);
            }
            if begun.elapsed() > ACT_WITHIN {
                bail!("not within {} s; the last status was {status:#}", ACT_WITHIN.as_secs());
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Prints the events that were delivered since the last look.
    fn tell(&self, told: &mut BTreeSet<String>) -> Result<()> {
        let log = std::fs::read_to_string(&self.log).context("the controller has no log")?;
        for line in log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(|line| line["log"] == "audit") {
            let event = &line["event"];
            let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
            if told.insert(format!("{} {}", event["id"], text("type"))) {
                self.say(&format!("  event {} {}: {}", event["seq"], text("type"), text("message")))?;
            }
        }
        Ok(())
    }

    /// One line with the time; an empty line stands before it where the text begins with one.
    pub(crate) fn say(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout();
        let text = match text.strip_prefix('\n') {
            Some(rest) => {
                writeln!(out)?;
                rest
            }
            None => text,
        };
        Ok(writeln!(out, "{:6.1} s  {text}", self.begun.elapsed().as_secs_f64())?)
    }
}

/// One line about where the rollout stands.
fn line(status: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (phase, weight) = (text(&status["phase"]), &status["weight"]);
    let share = match (weight["wanted"].as_i64(), weight["achieved"].as_i64()) {
        (Some(wanted), Some(achieved)) => format!(" {wanted}% wanted, {achieved}% reached"),
        (Some(wanted), None) => format!(" {wanted}% wanted"),
        (None, _) => String::new(),
    };
    if phase.is_empty() { phase } else { format!("{phase}{share}: {}", text(&status["why"]["message"])) }
}
