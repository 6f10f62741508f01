//! The tests on a real control plane: API server, etcd, controllers, scheduler, nodes, Prometheus. Only the pods' traffic is simulated.
//!
//! `cargo test --test cluster` starts the planes that the chosen tests need, runs the tests side by side in namespaces of their own, with the
//! controller as the service account of `deploy/`, and stops everything.

#![expect(unreachable_pub, reason = "nobody uses a test binary as a library")]
#![expect(clippy::print_stdout, reason = "a test says what it sees")]

mod adopting;
mod alerting;
mod autoscaler;
mod bad_input;
mod bare;
mod command_line;
mod commands;
mod counting;
mod evidence;
mod fences;
mod foreign;
mod gates;
mod going_back;
mod ground;
mod hardened;
mod installing;
mod instances;
mod judging;
mod kills;
mod leases;
mod load;
mod malformed;
mod own_events;
mod people;
mod permissions;
mod priority;
mod quiet;
mod refusals;
mod rights;
mod secrets;
mod sharing;
mod shop;
mod stepping;
mod stored;
mod storm;
mod targets;
mod templates;
mod used;
mod waiting;

use std::collections::BTreeSet;
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
    /// The controller's rights are taken away here, and requests are counted.
    Barred,
    /// Several controllers at once; each test starts its own, and requests are counted.
    Leased,
    /// The controller is killed here, and events go over the network.
    Stored,
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
    shared().into_iter().chain(judged()).chain(with_others()).chain(exclusive()).collect()
}

/// Those that run side by side.
fn shared() -> Vec<Case> {
    vec![
        case!(Shared, installing::a_first_revision_is_stable_only_once_it_is_available),
        case!(Shared, installing::a_first_revision_that_crashes_is_told_and_a_fixed_one_installs_at_once),
        case!(Shared, installing::deleting_an_idle_rollout_leaves_its_pods_serving),
        case!(Shared, installing::deleting_a_rollout_in_flight_brings_stable_back_first),
        case!(Shared, installing::nothing_is_written_until_the_service_fits),
        case!(Shared, installing::a_service_that_does_not_select_the_template_stalls_with_the_reason),
        case!(Shared, installing::a_second_rollout_on_the_same_service_is_stalled_naming_the_first),
        case!(Shared, installing::the_template_reaches_the_deployment_as_it_was_written),
        case!(Shared, installing::a_misspelt_field_of_the_template_is_stalled_in_words),
        case!(Shared, adopting::a_running_deployment_is_taken_over_without_losing_a_ready_endpoint),
        case!(Shared, adopting::an_image_that_is_set_while_it_is_taken_over_becomes_an_attempt),
        case!(Shared, adopting::an_autoscaler_stalls_the_take_over_with_the_reason),
        case!(Shared, adopting::letting_go_after_an_abort_never_scales_the_rejected_template_up),
        case!(Shared, adopting::a_deployment_that_does_not_exist_is_waited_for),
        case!(Shared, adopting::a_second_rollout_on_the_same_deployment_is_stalled_naming_the_first),
        case!(Shared, stepping::ten_replicas_step_through_their_shares_and_never_exceed_the_surge),
        case!(Shared, stepping::a_pause_freezes_exposure_and_resuming_goes_on),
        case!(Shared, stepping::scaling_in_flight_keeps_the_ratio),
        case!(Shared, stepping::a_pause_keeps_scaling_and_watching),
        case!(Shared, stepping::steps_that_are_edited_in_flight_are_gone_on_with_above_what_was_reached),
        case!(Shared, stepping::the_last_of_several_changes_is_what_is_promoted),
        case!(Shared, going_back::reverting_in_flight_supersedes_and_stable_keeps_its_pods),
        case!(Shared, going_back::a_newer_template_supersedes_the_one_in_flight),
        case!(Shared, going_back::a_deadline_with_on_step_abort_rolls_back_and_the_revision_stays_rejected),
        case!(Shared, going_back::a_rejected_template_may_try_again_after_going_back),
        case!(Shared, gates::a_gate_waits_for_an_approval_and_goes_on_with_it),
        case!(Shared, gates::a_gate_that_nobody_opens_ends_as_it_says),
        case!(Shared, gates::a_rejected_revision_is_retried_from_its_first_step),
        case!(Shared, gates::undoing_scales_the_old_deployment_up_and_rejects_the_new_template),
        case!(Shared, gates::a_fail_while_baking_brings_back_what_served_before),
        case!(Shared, gates::a_bake_that_does_well_ends_and_the_old_pods_go),
        case!(Shared, gates::a_rollback_whose_pods_cannot_start_is_named_and_ends_when_they_can),
        case!(Shared, gates::a_restart_replaces_stable_s_pods_without_losing_one),
        case!(Shared, gates::a_template_that_means_the_same_starts_no_attempt),
        case!(Shared, gates::a_rollout_that_takes_its_deployments_along_leaves_nothing),
        case!(Shared, bad_input::a_spec_that_cannot_work_is_refused_in_words),
        case!(Shared, bad_input::an_unknown_provider_is_stalled_naming_the_known_ones),
        case!(Shared, bad_input::a_wrong_query_is_told_and_holds),
        case!(Shared, secrets::no_event_status_or_log_line_tells_a_secret),
        case!(Shared, bad_input::nonsense_in_flight_freezes_exposure),
        case!(Shared, bad_input::every_example_installs),
        case!(Shared, bad_input::a_weight_that_pods_cannot_give_is_warned_about),
        case!(Shared, sharing::a_service_that_skews_the_shares_is_warned_about_at_once),
        case!(Shared, sharing::strict_shares_begin_nothing_behind_a_service_that_skews_them),
        case!(Shared, sharing::strict_shares_begin_nothing_with_steps_that_pods_cannot_give),
        case!(Shared, sharing::a_rollout_without_a_service_shifts_shares_of_pods),
        case!(Shared, command_line::status_says_where_a_rollout_stands),
        case!(Shared, command_line::the_trail_is_whole_up_to_a_signed_checkpoint),
        case!(Shared, command_line::kubectl_understands_a_rollout),
        case!(Shared, command_line::deploy_is_taken_with_and_without_the_policy_that_stamps),
        case!(Shared, command_line::nobody_else_writes_a_status),
        case!(Shared, command_line::who_may_edit_a_namespace_may_edit_its_rollouts),
        case!(Shared, commands::a_command_for_another_revision_or_attempt_is_superseded),
        case!(Shared, commands::a_command_is_immutable_and_goes_a_day_after_its_answer),
        case!(Shared, commands::a_command_for_nobody_is_refused),
        case!(Shared, commands::a_forged_actor_is_overwritten),
        case!(Shared, commands::every_role_gives_the_commands_of_its_own_and_no_others),
        case!(Shared, commands::a_user_without_the_right_is_told_which_one),
        case!(Shared, hardened::the_pod_is_restricted_and_a_weaker_one_is_refused),
        case!(Shared, priority::what_serin_asks_waits_in_a_queue_of_its_own_and_its_lease_in_that_of_the_control_plane),
        case!(Shared, alerting::somebody_hears_of_an_abort_a_blocked_rollback_and_a_forced_promotion),
        case!(Shared, waiting::waiting_ends_with_what_became_of_the_revision),
        case!(Shared, waiting::history_lists_what_became_of_each_revision),
        case!(Shared, waiting::a_watched_status_prints_each_change_until_it_is_interrupted),
    ]
}

/// Those that run side by side, and in which checks decide.
fn judged() -> Vec<Case> {
    vec![
        case!(Shared, evidence::a_canary_with_errors_is_aborted_and_stable_keeps_its_pods),
        case!(Shared, evidence::a_good_canary_passes_a_test_that_is_one_line),
        case!(Shared, evidence::a_canary_with_errors_fails_a_test_that_is_one_line),
        case!(Shared, evidence::a_verdict_can_be_counted_again),
        case!(Shared, evidence::without_traffic_exposure_is_held_and_the_step_deadline_pauses),
        case!(Shared, evidence::traffic_that_stops_is_no_pass_for_the_next_step),
        case!(Shared, evidence::a_backend_that_never_answers_ends_in_the_step_deadline),
        case!(Shared, evidence::a_canary_that_cannot_run_is_aborted_without_any_metrics),
        case!(Shared, evidence::a_canary_that_loses_its_readiness_is_aborted),
        case!(Shared, evidence::a_registry_outage_holds_and_ends_in_the_deadline_for_pods),
        case!(Shared, evidence::the_status_prints_what_people_ask_for),
        case!(Shared, templates::a_template_that_is_missing_is_named_and_holds_exposure_only),
        case!(Shared, templates::a_template_that_cannot_work_is_refused_in_words),
        case!(Shared, templates::what_a_template_had_compared_can_be_counted_again),
        case!(Shared, judging::a_canary_as_good_as_stable_is_promoted_with_a_proof),
        case!(Shared, judging::five_percent_of_errors_beside_one_are_aborted),
        case!(Shared, judging::one_percent_of_errors_beside_a_tenth_of_one_is_aborted),
        case!(Shared, judging::a_slow_canary_is_aborted),
        case!(Shared, judging::a_young_canary_is_compared_with_young_pods_where_the_old_ones_are_warm),
        case!(Shared, judging::an_incident_that_both_sides_share_blames_no_canary),
        case!(Shared, judging::too_few_requests_are_no_pass_and_the_message_says_how_many_there_were),
        case!(Shared, counting::what_scrapes_saw_is_what_is_counted),
    ]
}

/// Those that run side by side, and in which somebody else writes, too.
fn with_others() -> Vec<Case> {
    vec![
        case!(Shared, foreign::what_is_deleted_in_flight_is_made_again),
        case!(Shared, foreign::what_is_changed_in_flight_is_put_right),
        case!(Shared, foreign::a_wiped_status_is_rebuilt),
        case!(Shared, foreign::a_namespace_that_is_deleted_in_flight_is_gone_within_a_minute),
        case!(Shared, autoscaler::an_autoscaler_scales_in_every_state),
        case!(Shared, autoscaler::an_autoscaler_is_not_misled_by_the_pods_on_top),
        case!(Shared, fences::a_raise_on_a_stale_look_writes_nothing),
        case!(Shared, fences::a_lowering_write_on_a_stale_look_goes_through_at_once),
        case!(Shared, fences::a_lowering_write_leaves_what_somebody_else_scaled),
        case!(Shared, fences::a_conflict_that_may_not_be_read_names_the_right),
        case!(Shared, fences::a_write_never_hits_a_namesake),
        case!(Shared, fences::what_no_watch_told_of_is_known_as_long_as_it_is_there_and_ours),
        case!(Shared, fences::a_commit_on_a_stale_look_writes_nothing),
    ]
}

/// Those that need a plane to themselves.
fn exclusive() -> Vec<Case> {
    vec![
        case!(Rough, kills::a_kill_in_every_state_changes_nothing),
        case!(Rough, storm::fifty_kills_in_a_row_change_nothing),
        case!(Rough, commands::commands_that_come_between_two_passes_are_done_in_their_order),
        case!(Rough, commands::a_kill_between_a_command_s_commit_and_its_answer_does_it_once),
        case!(Rough, commands::without_the_stamping_policy_a_forged_actor_is_refused),
        case!(Rough, kills::a_restart_does_not_begin_the_hold_anew),
        case!(Rough, templates::a_change_of_a_template_reaches_the_next_attempt_and_none_in_flight),
        case!(Rough, kills::a_metrics_backend_that_is_down_holds_exposure_and_no_more),
        case!(Rough, targets::a_canary_that_nobody_scrapes_is_neither_promoted_nor_blamed),
        case!(Rough, judging::a_backend_that_is_away_is_told_and_what_it_missed_counts_afterwards),
        case!(Rough, kills::a_lost_node_stops_the_clock_and_blames_nobody),
        case!(Rough, malformed::objects_that_an_older_crd_let_in_stop_nobody_else),
        case!(Rough, bare::a_cluster_without_the_crd_is_refused_with_a_hint),
        case!(Rough, bare::the_demo_is_a_guest_on_a_cluster_that_is_there_already),
        case!(Rough, kills::an_api_server_that_restarts_is_waited_for),
        case!(Rough, kills::an_etcd_that_restarts_is_waited_for),
        // The last one, because it takes a node away and brings it back.
        case!(Rough, kills::a_node_that_vanishes_is_nobodys_fault),
        case!(Audited, refusals::the_audit_log_has_who_was_refused_what_and_why),
        case!(Audited, quiet::a_whole_rollout_reads_nothing_and_writes_little),
        case!(Audited, quiet::two_hundred_settled_rollouts_ask_for_nothing_in_a_minute),
        case!(Audited, quiet::a_new_controller_over_settled_rollouts_writes_nothing),
        case!(Audited, quiet::the_controller_is_refused_nothing_and_reads_no_secret),
        case!(Leased, leases::a_standby_takes_over_within_20_s_of_a_kill),
        case!(Leased, leases::a_standby_takes_over_within_3_s_of_a_clean_stop),
        case!(Leased, leases::a_leader_that_slept_writes_nothing_more_and_ends),
        case!(Leased, leases::a_leader_that_cannot_renew_ends),
        case!(Leased, leases::a_lease_that_somebody_deletes_is_no_dead_end),
        case!(Leased, instances::each_instance_works_on_its_own_rollouts),
        case!(Leased, instances::a_shadow_says_what_it_would_do_and_writes_nothing),
        case!(Stored, own_events::what_happens_to_a_sink_is_told_to_the_others_and_a_start_once),
        case!(Stored, stored::twenty_kills_lose_no_event_on_its_way_to_a_log_store),
        // In this order: the first one needs a plane without Rollouts.
        case!(Barred, permissions::a_missing_right_to_watch_is_named_and_nothing_spins),
        case!(Barred, permissions::a_missing_right_to_write_is_named_and_nothing_spins),
    ]
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = Arc::new(Runtime::new().expect("threads can be started"));
    let mut code = ExitCode::SUCCESS;
    let mut used = BTreeSet::new();
    for plane in [Plane::Shared, Plane::Rough, Plane::Audited, Plane::Barred, Plane::Leased, Plane::Stored] {
        let chosen: Vec<Case> = cases().into_iter().filter(|case| case.plane == plane && is_chosen(&arguments, case.name)).collect();
        if chosen.is_empty() {
            continue;
        }
        match run(&runtime, plane, chosen, &arguments, &mut used) {
            Ok(true) => {}
            Ok(false) => code = ExitCode::from(101),
            Err(error) => {
                eprintln!("{error:#}");
                return ExitCode::FAILURE;
            }
        }
    }
    // Some tests alone use some rights alone.
    if arguments.filter.is_none() && arguments.skip.is_empty() && !every_right_is_used(&arguments, used) {
        code = ExitCode::from(101);
    }
    code
}

/// The last test, about all others.
fn every_right_is_used(arguments: &Arguments, used: BTreeSet<String>) -> bool {
    let body = move || used::each_right_is_used_and_no_other_one(&used).map_err(|error| format!("{error:#}").into());
    !libtest_mimic::run(arguments, vec![Trial::test("used::each_right_is_used_and_no_other_one", body)]).has_failed()
}

fn is_chosen(arguments: &Arguments, name: &str) -> bool {
    let matches = |text: &String| if arguments.exact { name == text } else { name.contains(text.as_str()) };
    arguments.filter.as_ref().is_none_or(matches) && !arguments.skip.iter().any(matches)
}

/// Runs the tests of one plane side by side, and adds the rights that the controller used. True where all passed.
fn run(runtime: &Arc<Runtime>, plane: Plane, cases: Vec<Case>, arguments: &Arguments, used: &mut BTreeSet<String>) -> Result<bool> {
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
        used.extend(used::on(&ground)?);
        runtime.block_on(ground.stop(passed));
    }
    Ok(passed)
}
