//! Which client posts? One that trusts what the files of now say; it is made anew when they change.

use std::path::Path;

use reqwest::{Certificate, Client, Identity};
use tokio::sync::Mutex;
use url::Url;

use super::Unready;
use crate::config::Tls;
use crate::sink::AT_ONCE;
use crate::wire::{cause, http_client, read};

/// The client of the newest files.
#[derive(Debug, Default)]
pub(super) struct Clients(Mutex<Option<(Material, Client)>>);

/// What a client was made of.
#[derive(Clone, PartialEq, Eq)]
struct Material {
    scheme: String,
    authority: Option<Vec<u8>>,
    /// Certificate and key.
    identity: Option<Vec<u8>>,
}

/// Nothing of a key is ever shown.
impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Material").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

impl Clients {
    /// The client for this URL; connections stay as long as no file changes.
    pub(super) async fn get(&self, url: &Url, tls: &Tls) -> Result<Client, Unready> {
        let authority = match &tls.ca_file {
            None => None,
            Some(file) => Some(bytes(file, "caFile").await?),
        };
        let identity = match &tls.client {
            None => None,
            Some((certificate, key)) => {
                Some([bytes(certificate, "clientCertFile").await?, b"\n".to_vec(), bytes(key, "clientKeyFile").await?].concat())
            }
        };
        let material = Material { scheme: url.scheme().to_owned(), authority, identity };
        let mut known = self.0.lock().await;
        if let Some((_, client)) = known.as_ref().filter(|(before, _)| *before == material) {
            return Ok(client.clone());
        }
        let client = make(url, &material)?;
        *known = Some((material, client.clone()));
        Ok(client)
    }
}

async fn bytes(file: &Path, key: &str) -> Result<Vec<u8>, Unready> {
    read(file).await.map_err(|error| Unready(format!("the {key} cannot be read: {error}")))
}

fn make(url: &Url, material: &Material) -> Result<Client, Unready> {
    let mut builder = http_client(url, AT_ONCE);
    if let Some(authority) = &material.authority {
        let certificates = Certificate::from_pem_bundle(authority).ok().filter(|found| !found.is_empty());
        builder = builder.tls_certs_only(certificates.ok_or_else(|| Unready("the caFile holds no certificate in PEM".to_owned()))?);
    }
    if let Some(identity) = &material.identity {
        let identity = Identity::from_pem(identity);
        builder = builder.identity(
            identity.map_err(|error| Unready(format!("clientCertFile and clientKeyFile are no pair in PEM: {}", cause(&error))))?,
        );
    }
    builder.build().map_err(|error| {
        Unready(format!(
            "TLS cannot be set up: {}; name a caFile, or check the machine's CA certificates (SSL_CERT_FILE names others)",
            cause(&error)
        ))
    })
}
