//! Prints where a Rollout stands.

use kube::Api;

use super::access;
use super::command::{Output, Question};
use super::failure::Failure;
use super::page::Page;
use crate::api::Object;

/// Asks once and prints what the Rollout's status says.
pub(super) fn print(question: &Question) -> Result<(), Failure> {
    let page = super::runtime()?.block_on(ask(question))?;
    match question.output {
        Output::Text => super::data(&page.to_string()),
        Output::Json => super::data(&page.json()),
    }
}

async fn ask(question: &Question) -> Result<Page, Failure> {
    let config = access::config(&question.access).await?;
    let url = config.cluster_url.to_string();
    let namespace = question.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    let name = &question.name;
    let rollouts: Api<Object> = Api::namespaced(access::client(config)?, &namespace);
    match rollouts.get(name).await {
        Ok(object) => Page::new(&namespace, name, &object)
            .map_err(|error| Failure::new(error, "use the version of Serin that runs in the cluster: serin --version")),
        Err(kube::Error::Api(status)) if status.code == 404 && status.details.is_some() => {
            let hint = format!("list the Rollouts there: kubectl get rollouts --namespace {namespace}; another namespace is named with -n");
            Err(Failure::new(format!("there is no Rollout {name} in the namespace {namespace}"), hint))
        }
        Err(kube::Error::Api(status)) if status.code == 404 => Err(access::not_installed(&url)),
        Err(error) => Err(access::refused(&error, &url)),
    }
}
