use std::collections::BTreeMap;

use chrono::DateTime;

use super::*;
use crate::api::Status;
use crate::cluster::Instance;
use crate::config::Config;
use crate::controller::Seen;
use crate::controller::Setup;
use crate::rollout::{Action, Change, Question, Stepping};

/// A world in which looking at one rollout is a defect. It counts the looks.
#[derive(Clone, Default)]
struct Haunted {
    looks: Arc<Mutex<BTreeMap<String, u32>>>,
    looked: Arc<Notify>,
}

impl World for Haunted {
    type Error = Error;

    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn observe(&self, key: &Key) -> Option<Seen> {
        *self.looks.lock().expect("nobody panics while counting").entry(key.name.clone()).or_default() += 1;
        self.looked.notify_one();
        assert_ne!(key.name, "haunted", "there is something");
        None
    }

    fn strays(&self, _: &Key) -> Vec<Action> {
        Vec::new()
    }

    async fn commit(&self, _: &Key, _: &str, _: &Status) -> Result<(), Error> {
        Ok(())
    }

    async fn apply(&self, _: &Key, _: &[Change], _: &[Change]) -> Result<(), Error> {
        Ok(())
    }

    fn keep(&self, _: &Key, _: Option<Box<Stepping>>) {}

    fn ask(&self, _: &Key, _: Vec<Question>) {}
}

impl Haunted {
    async fn until_looked_at(&self, name: &str, times: u32) {
        while self.looks.lock().expect("nobody panics while counting").get(name).is_none_or(|looks| *looks < times) {
            self.looked.notified().await;
        }
    }
}

fn key(name: &str) -> Key {
    Key { namespace: "shop".to_owned(), name: name.to_owned() }
}

fn passes(controller: &Controller, result: &str) -> u32 {
    let lead = format!("serin_passes_total{{result=\"{result}\"}} ");
    controller.metrics(DateTime::UNIX_EPOCH).lines().find_map(|line| line.strip_prefix(&lead)?.parse().ok()).unwrap_or(0)
}

/// Scenario 39.
#[tokio::test]
async fn a_defect_in_one_pass_is_counted_and_tried_again_while_the_others_go_on() {
    let nowhere = kube::Config::new("http://127.0.0.1:9".parse().expect("a URL"));
    let setup = Setup { reach: nowhere, config: Config::default(), instance: Instance::default(), role: Role::Lead, digest: String::new() };
    let controller = Controller::new(setup).expect("nothing is asked of it");
    let world = Haunted::default();
    controller.queue.trigger(key("haunted"));
    controller.queue.trigger(key("calm"));
    let stopping = CancellationToken::new();
    let stop = async {
        world.until_looked_at("haunted", 3).await;
        controller.queue.trigger(key("calm"));
        world.until_looked_at("calm", 2).await;
        stopping.cancel();
    };
    tokio::join!(controller.work(&world, &stopping), stop);
    // The last look at each may not be settled yet when the work stops.
    let told = controller.metrics(DateTime::UNIX_EPOCH);
    assert!(passes(&controller, "panicked") >= 2 && passes(&controller, "done") >= 1, "{told}");
}
