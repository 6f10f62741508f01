//! Prints where a Rollout stands, once or at each change.

use super::ask::{self, Found, Place};
use super::command::{Output, Question};
use super::failure::Failure;
use super::follow;
use super::page::Page;
use super::screen::Screen;
use crate::api::Object;

/// Asks once and prints what the Rollout's status says.
pub(super) fn print(question: &Question) -> Result<(), Failure> {
    let Found { place, object } = super::runtime()?.block_on(ask::rollout(&question.target))?;
    let page = page(&place, &object)?;
    match question.output {
        Output::Text => super::data(&page.to_string()),
        Output::Json => super::data(&page.json()),
    }
}

/// Prints what the Rollout's status says, and each change of it, until Ctrl-C or until the Rollout is gone.
pub(super) fn watch(question: &Question) -> Result<(), Failure> {
    super::runtime()?.block_on(async {
        let place = ask::rollout(&question.target).await?.place;
        let mut screen = Screen::new(question.output);
        follow::until_stopped(&place, async |object: Option<Object>| match object {
            Some(object) => screen.show(&page(&place, &object)?).map(|()| None),
            None => Ok(Some(())),
        })
        .await
    })
}

fn page(place: &Place, object: &Object) -> Result<Page, Failure> {
    Page::new(&place.key.namespace, &place.key.name, object).map_err(ask::unreadable)
}
