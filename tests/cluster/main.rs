//! The tests on a real control plane: API server, etcd, controllers, scheduler, nodes, Prometheus. Only the pods' traffic is simulated.
//!
//! `cargo test --test cluster` starts the planes that the chosen tests need, runs the tests side by side in namespaces of their own, with the
//! controller as the service account of `deploy/`, and stops everything.

mod bad_input;
mod evidence;
mod going_back;
mod ground;
mod installing;
mod kills;
mod quiet;
mod shop;
mod stepping;

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use ground::Ground;
use shop::Shop;

type Body = fn(Arc<Ground>, Shop) -> Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Which plane a test runs on. Tests on `Shared` leave the controller alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plane {
    /// All tests side by side.
    Shared,
    /// The controller and parts of the plane are killed here.
    Rough,
    /// Every request is counted here.
    Audited,
}

/// One test: its name is a sentence.
struct Case {
    name: &'static str,
    plane: Plane,
    body: Body,
}

/// `case!(Shared, module::function)`: a test named after its function.
macro_rules! case {
    ($plane:ident, $module:ident :: $function:ident) => {
        Case {
            name: concat!(stringify!($module), "::", stringify!($function)),
            plane: Plane::$plane,
            body: |ground, shop| Box::pin(async move { $module::$function(&ground, &shop).await }),
        }
    };
}

fn cases() -> Vec<Case> {
    vec![
        case!(Shared, installing::a_first_revision_is_stable_only_once_it_is_available),
    ]
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = Arc::new(Runtime::new().expect("threads can be started"));
    let mut code = ExitCode::SUCCESS;
    for plane in [Plane::Shared, Plane::Rough, Plane::Audited] {
        let chosen: Vec<Case> = cases().into_iter().filter(|case| case.plane == plane && is_chosen(&arguments, case.name)).collect();
        if chosen.is_empty() {
            continue;
        }
        match run(&runtime, plane, chosen, &arguments) {
            Ok(true) => {}
            Ok(false) => code = ExitCode::from(101),
            Err(error) => {
                eprintln!("{error:#}");
                return ExitCode::FAILURE;
            }
        }
    }
    code
}

fn is_chosen(arguments: &Arguments, name: &str) -> bool {
    let matches = |text: &String| if arguments.exact { name == text } else { name.contains(text.as_str()) };
    arguments.filter.as_ref().is_none_or(matches) && !arguments.skip.iter().any(matches)
}

/// Runs the tests of one plane side by side. True where all passed.
fn run(runtime: &Arc<Runtime>, plane: Plane, cases: Vec<Case>, arguments: &Arguments) -> Result<bool> {
    let list = arguments.list;
    let ground = if list { None } else { Some(Arc::new(runtime.block_on(Ground::start(plane)).context("the ground could not be laid")?)) };
    let trials = cases
        .into_iter()
        .map(|case| {
            let (runtime, ground) = (Arc::clone(runtime), ground.clone());
            Trial::test(case.name, move || {
                let Some(ground) = ground else { return Ok(()) };
                runtime.block_on(ground.clone().try_out(case.name, case.body)).map_err(|error| format!("{error:#}").into())
            })
        })
        .collect();
    // The tests wait most of the time; the exclusive planes run one at a time.
    let threads = if plane == Plane::Shared { 12 } else { 1 };
    let arguments = Arguments { test_threads: arguments.test_threads.or(Some(threads)), ..arguments.clone() };
    let passed = !libtest_mimic::run(&arguments, trials).has_failed();
    if let Some(ground) = ground.and_then(Arc::into_inner) {
        runtime.block_on(ground.stop(passed));
    }
    Ok(passed)
}
