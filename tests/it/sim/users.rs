//! What do users do to a Rollout, and what is it like when they are done?

use std::sync::Arc;

use chrono::TimeDelta;
use serin::rollout::{Pausing, Revision, State};

use super::acts::{Act, Manners, Power};
use super::agenda::Todo;
use super::faults::Faults;
use super::server::objects::{Labels, Rollout, Spec, SpecReading, Writer};
use super::server::{APP, Changed};
use super::state::{Calm, Sim};
use super::truth::Truth;
use super::weather::Hurt;

/// How a run ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finale {
    /// Nobody does anything more.
    AsItIs,
    /// A last new template, whose end is certain.
    Fresh(Revision, Truth, Ground),
}

/// Whether a last template has something to be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    Stable,
    Nothing,
}

impl Sim {
    pub(super) fn act(&mut self, act: Act) {
        self.note("user", |_| format!("{act:?}"));
        match act {
            Act::NewTemplate(truth) => {
                let revision = self.new_template(truth);
                self.edit(Some(revision));
            }
            Act::Revert(back) => {
                let revision = self.truths.keys().rev().nth(back as usize % self.truths.len()).cloned();
                self.edit(revision);
            }
            Act::Replicas(replicas) => {
                self.shape.replicas = replicas;
                self.edit(None);
            }
            Act::Both(truth, replicas) => self.both(truth, replicas),
            Act::SameTemplate => self.same_template(),
            Act::Steps => {
                self.shape.redraw(&mut self.rng);
                self.edit(None);
            }
            Act::Command(verb, aim) => self.command(verb, aim),
            Act::Pausing(pausing) => {
                self.shape.pausing = pausing;
                self.edit(None);
            }
            Act::Spec(reading) => {
                self.shape.reading = reading;
                self.edit(None);
            }
            Act::Service(selects) => {
                if self.server.service.is_some() || selects.is_some() {
                    self.publish(Changed::Service(selects));
                }
            }
            Act::Delete => self.delete_rollout(),
            Act::Autoscaler => self.autoscale_for(20),
            Act::Scale(which, replicas) => self.scaled_by_a_stranger(which, replicas),
            Act::DeleteDeployment(which) => self.deleted_by_a_stranger(which),
            Act::EditDeployment(which) => self.meddle(which, |it| it.edited_by = Writer::Stranger),
            Act::PauseDeployment(which) => self.meddle(which, |it| it.paused = true),
            Act::Unlabel(which) => self.meddle(which, |it| it.labels = Labels::Lost),
            Act::DeleteRecord(which) => self.delete_record(which),
            Act::WipeStatus => self.wipe_status(),
            Act::DeletePod => self.hurt_pod(Hurt::Deleted),
            Act::CrashPod => self.hurt_pod(Hurt::Crashed),
            Act::UnreadyPod => self.hurt_pod(Hurt::Unready),
            Act::NodeDies(node) => self.node_dies(node),
            Act::Backend(power) => self.backend = power,
            Act::Sink(sink, manners) => self.sinks[sink].manners = manners,
            Act::Registry(power) => self.registry = power,
            Act::Quota(power) => self.quota = power,
            Act::Stop(seconds) => self.stop(seconds),
            Act::Takeover => {
                self.ledger.count("fault.takeover");
                self.start();
            }
            Act::Clock(minutes) => {
                self.ledger.jumps += 1;
                if let Some(process) = self.processes.values_mut().next_back() {
                    process.skew = TimeDelta::minutes(minutes);
                }
            }
        }
    }

    /// A new template and other replicas in one write, often several times in a row.
    fn both(&mut self, truth: Truth, replicas: u32) {
        self.shape.replicas = replicas;
        let revision = self.new_template(truth);
        self.edit(Some(revision));
        if self.rng.chance(600) {
            let again = Act::Both(Truth::draw(&mut self.rng), self.rng.between(1, 12));
            self.plan_in(100, 60_000, Todo::Act(again));
        }
    }

    /// Somebody writes the same template another way, as tools do.
    fn same_template(&mut self) {
        let Some(before) = self.server.spec().map(|spec| spec.intent.revision.clone()) else { return };
        let revision = self.new_template(self.truths[&before]);
        let image = self.server.images[&before].clone();
        self.server.images.insert(revision.clone(), image);
        self.edit(Some(revision));
    }

    /// A user writes the spec as it is drawn now, with this template, or with the one it has.
    pub(super) fn edit(&mut self, revision: Option<Revision>) {
        let Some(rollout) = self.server.rollout.clone() else { return };
        let before = self.server.spec_of(rollout.generation).intent.revision.clone();
        let revision = revision.unwrap_or_else(|| before.clone());
        if revision != before {
            self.ledger.rejected = None;
        }
        self.write_spec(rollout, revision);
    }

    pub(super) fn write_spec(&mut self, rollout: Rollout, revision: Revision) {
        let spec = Spec::new(self.shape.intent(revision), self.shape.reading);
        self.server.specs.push(Arc::new(spec));
        let generation = self.server.specs.len();
        self.publish(Changed::Rollout(Some(Rollout { generation, ..rollout })));
    }

    fn delete_rollout(&mut self) {
        let Some(rollout) = self.server.rollout.clone().filter(|rollout| !rollout.deleting) else { return };
        if !rollout.guarded {
            self.publish(Changed::Rollout(None));
            return;
        }
        let revision = self.server.spec_of(rollout.generation).intent.revision.clone();
        self.write_spec(Rollout { deleting: true, ..rollout }, revision);
    }

    /// An edge is when people look, and when some of them do something at once.
    pub(super) fn stir_users(&mut self) {
        if self.calm == Calm::NotYet && self.rng.chance(60) {
            let act = Act::draw(&mut self.rng);
            self.plan_in(0, 3_000, Todo::Act(act));
        }
    }

    /// The newest process stands still, as a machine that is suspended does. In half of the cases somebody else takes over.
    fn stop(&mut self, seconds: u32) {
        let until = self.now + TimeDelta::seconds(i64::from(seconds));
        let Some(process) = self.processes.values_mut().next_back() else { return };
        process.stopped = Some(until);
        self.ledger.count("fault.stop");
        if self.rng.chance(500) {
            self.plan_in(1_000, 40_000, Todo::Start);
        }
    }

    /// From here on nothing goes wrong, nobody holds anything back, and a last template may come.
    pub(super) fn calm_down(&mut self) {
        self.calm = Calm::Since(self.now);
        self.faults = Faults { clocks: self.faults.clocks, ..Faults::NONE };
        (self.backend, self.registry, self.quota) = (Power::Up, Power::Up, Power::Up);
        self.sinks.iter_mut().for_each(|sink| sink.manners = Manners::Good);
        self.agenda.retain(|todo| !matches!(todo, Todo::Act(_) | Todo::Autoscale));
        self.settle_processes();
        self.note("user", |_| "calm".to_owned());
        self.publish(Changed::Service(Some(APP)));
        if self.rng.chance(100) {
            self.delete_rollout();
        }
        let Some(rollout) = self.server.rollout.clone() else { return };
        self.shape.reading = SpecReading::All;
        self.shape.pausing = Pausing::Off;
        self.shape.replicas = self.shape.replicas.max(1);
        self.edit(None);
        if self.rng.chance(650) && !rollout.deleting {
            let truth = Truth::draw(&mut self.rng);
            let revision = self.new_template(truth);
            let stable = self.server.state().and_then(State::stable).is_some();
            self.finale = Finale::Fresh(revision.clone(), truth, if stable { Ground::Stable } else { Ground::Nothing });
            self.note("user", |_| format!("a last template {revision}, {truth:?}"));
            self.edit(Some(revision));
        }
    }

    /// One process is left, it runs, and its clock is right.
    fn settle_processes(&mut self) {
        let newest = self.lives;
        let old: Vec<_> = self.processes.keys().copied().filter(|life| *life != newest).collect();
        for life in old {
            self.ends(life, "ends");
        }
        if let Some(process) = self.process(newest) {
            process.stopped = None;
            let jumped = !process.skew.is_zero();
            process.skew = TimeDelta::zero();
            self.ledger.jumps += u32::from(jumped);
        }
        let soon = self.now + TimeDelta::seconds(1);
        for kind in serin::cluster::Kind::ALL {
            for news in self.server.log_mut(kind) {
                news.due = news.due.min(soon);
            }
        }
    }
}
