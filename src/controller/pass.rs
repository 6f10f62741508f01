//! One pass: a look, one decision, two writes.

use chrono::{DateTime, Utc};

use super::decide::{Decision, decide};
use super::strays::strays;
use super::world::{Key, World};

/// Brings one rollout one step further and says when to look again.
///
/// The status is committed before anything is changed, and an edge's event stands in that same write: a crash anywhere in between is
/// mended by the next pass, which derives the same changes from the committed state. Questions are fired, never awaited,
/// and before the changes: evidence goes on while a write is refused. What is written on actions holds up nothing either.
///
/// # Errors
/// A write that failed. Nothing is lost: the next pass looks again, from the start.
pub async fn pass<W: World>(world: &W, key: &Key) -> Result<Option<DateTime<Utc>>, W::Error> {
    let Some((version, decision)) = look(world, key) else {
        let (answers, wake) = strays(&world.strays(key), world.now());
        world.apply(key, &answers, &[]).await?;
        return Ok(wake);
    };
    if let Some(status) = &decision.status {
        world.commit(key, &version, status).await?;
    }
    // Not before the write that follows on it: where that fails, what has begun goes on.
    world.keep(key, decision.begun);
    world.ask(key, decision.asks);
    world.apply(key, &decision.answers, &decision.changes).await?;
    Ok(decision.wake)
}

/// What was decided, and by which version of the Rollout. The rest of what was seen does not wait for the writes.
fn look<W: World>(world: &W, key: &Key) -> Option<(String, Decision)> {
    let seen = world.observe(key)?;
    let decision = decide(key, &seen, world.now());
    Some((seen.version, decision))
}
