//! Which client sends? One that trusts what the files of now say; it is made anew when they change.

use std::path::Path;

use reqwest::{Certificate, Client, Identity};
use tokio::sync::Mutex;
use url::Url;

use super::{cause, http_client, read};
use crate::config::Tls;

/// The client of the newest files, which keeps so many connections.
#[derive(Debug)]
pub struct Clients {
    at_once: usize,
    newest: Mutex<Option<(Material, Client)>>,
}

/// Why nothing could be sent: something of ours cannot be read. It is tried again, because somebody may put it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unready(pub String);

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
    /// None yet: no file is read, and nothing is dialled.
    pub const fn new(at_once: usize) -> Self {
        Self { at_once, newest: Mutex::const_new(None) }
    }

    /// The client for this URL; connections stay as long as no file changes.
    ///
    /// # Errors
    /// A file cannot be read, or TLS cannot be set up with what it holds.
    pub async fn get(&self, url: &Url, tls: &Tls) -> Result<Client, Unready> {
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
        let mut known = self.newest.lock().await;
        if let Some((_, client)) = known.as_ref().filter(|(before, _)| *before == material) {
            return Ok(client.clone());
        }
        let client = make(url, self.at_once, &material)?;
        *known = Some((material, client.clone()));
        Ok(client)
    }
}

async fn bytes(file: &Path, key: &str) -> Result<Vec<u8>, Unready> {
    read(file).await.map_err(|error| Unready(format!("the {key} cannot be read: {error}")))
}

fn make(url: &Url, at_once: usize, material: &Material) -> Result<Client, Unready> {
    let mut builder = http_client(url, at_once);
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
