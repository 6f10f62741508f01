//! Signs how far each stream of events is.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ListParams;
use kube::{Api, Client};

use super::access;
use super::command::Signing;
use super::failure::{Failure, lower};
use crate::api::Object;
use crate::audit::{Checkpoint, Head, Journal, SigningKey};
use crate::rollout::Key;

/// How many Rollouts one answer of the API server has at most.
const PAGE: u32 = 500;

/// Prints the public key that belongs to a signing key.
pub(super) fn public(key: &std::path::Path) -> Result<(), Failure> {
    super::data(&read(key)?.public().to_string())
}

/// Prints one signed line.
pub(super) fn sign(signing: &Signing) -> Result<(), Failure> {
    let key = read(&signing.key)?;
    let heads = super::runtime()?.block_on(heads(signing))?;
    #[expect(clippy::disallowed_methods, reason = "the clock enters here")]
    let now = chrono::Utc::now();
    super::data(&Checkpoint::new(heads, now).sign(&key))
}

fn read(path: &std::path::Path) -> Result<SigningKey, Failure> {
    let pem = std::fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
    SigningKey::read(&pem).map_err(|error| {
        Failure::new(format!("cannot sign with {}: {}", path.display(), lower(&error)), "keep the key where only this command reads it")
    })
}

/// The heads of all Rollouts that were asked for; one that has told nothing yet has none.
async fn heads(signing: &Signing) -> Result<Vec<Head>, Failure> {
    let config = access::config(&signing.access).await?;
    let url = config.cluster_url.to_string();
    let client = access::client(config)?;
    let mut heads = Vec::new();
    for key in &signing.journals {
        heads.push(own(&client, key, &url).await?);
    }
    let rollouts: Api<Object> = match &signing.namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let some = rollouts.list(&page).await.map_err(|error| access::refused(&error, &url))?;
        for object in some.items {
            let status = object.status.map_err(super::ask::unreadable)?;
            let (namespace, name) = (object.metadata.namespace.unwrap_or_default(), object.metadata.name.unwrap_or_default());
            heads.push(Head {
                stream: object.metadata.uid.unwrap_or_default(),
                rollout: format!("{namespace}/{name}"),
                seq: status.audit.seq(),
                head: status.audit.head().to_owned(),
            });
        }
        match some.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = page.continue_token(&token),
            None => break,
        }
    }
    heads.retain(|head| head.seq > 0);
    heads.sort_by(|one, other| one.rollout.cmp(&other.rollout));
    Ok(heads)
}

/// How far the stream of a controller's own events is. One that was asked for and is not there is no head that may be left out.
async fn own(client: &Client, key: &Key, url: &str) -> Result<Head, Failure> {
    let object = Api::<ConfigMap>::namespaced(client.clone(), &key.namespace).get_opt(&key.name).await;
    let data = object.map_err(|error| access::refused(&error, url))?.and_then(|object| object.data);
    let journal = Journal::read(data.as_ref().and_then(|data| Journal::text_in(data)), "");
    if journal.outbox().seq() == 0 {
        return Err(Failure::new(
            format!("the ConfigMap {key} keeps no events of a controller"),
            "name the one beside its Lease, such as --journal serin/serin-events; it is there once a controller led",
        ));
    }
    Ok(Head {
        stream: journal.stream().to_owned(),
        rollout: key.to_string(),
        seq: journal.outbox().seq(),
        head: journal.outbox().head().to_owned(),
    })
}
