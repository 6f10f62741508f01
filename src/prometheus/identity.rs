//! As whom is a provider asked? As the files of now say: a credential that was rotated needs no restart.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap};

use crate::config::{Login, Provider};
use crate::wire::{Secrets, Unready, credential, read_secret};

/// What goes with one request.
pub(super) struct Identity {
    pub(super) headers: HeaderMap,
    /// What of that no text may repeat.
    pub(super) secrets: Secrets,
}

impl Identity {
    /// Reads the files of a provider.
    ///
    /// # Errors
    /// One of them cannot be read, or holds what no header has.
    pub(super) async fn read(provider: &Provider) -> Result<Self, Unready> {
        let mut headers = provider.headers.clone();
        let mut secret = Vec::new();
        match &provider.login {
            Login::Nobody => {}
            Login::Bearer(file) => {
                let token = text(file, "bearerTokenFile").await?;
                headers.insert(AUTHORIZATION, credential(&format!("Bearer {token}"), "bearerTokenFile")?);
                secret.push(token);
            }
            Login::Basic { username, password } => {
                let (username, password) = (text(username, "usernameFile").await?, text(password, "passwordFile").await?);
                if username.contains(':') {
                    return Err(Unready("the usernameFile holds a colon, which no name may have".to_owned()));
                }
                let both = STANDARD.encode(format!("{username}:{password}"));
                headers.insert(AUTHORIZATION, credential(&format!("Basic {both}"), "passwordFile")?);
                secret.extend([both, password]);
            }
        }
        for (name, file) in &provider.header_files {
            let key = format!("file of the header {name}");
            let value = text(file, &key).await?;
            headers.insert(name.clone(), credential(&value, &key)?);
            secret.push(value);
        }
        let secrets = Secrets::of(&headers).and(secret);
        Ok(Self { headers, secrets })
    }
}

async fn text(file: &Path, key: &str) -> Result<String, Unready> {
    read_secret(file).await.map_err(|error| Unready(format!("the {key} cannot be read: {error}")))
}
