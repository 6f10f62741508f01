//! How is a connection encrypted, and by whose certificates?

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::Tls;
use crate::wire::read;

/// Encrypts a connection to `host`, whose certificate has to be of the authority that the configuration names.
pub(super) async fn over(stream: TcpStream, host: &str, tls: &Tls) -> io::Result<TlsStream<TcpStream>> {
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| io::Error::other("the host of the url is neither a name nor an address"))?;
    TlsConnector::from(Arc::new(config(tls).await?)).connect(name, stream).await
}

async fn config(Tls { ca_file, client }: &Tls) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = ca_file {
        for certificate in certificates(file, "caFile").await? {
            roots.add(certificate).map_err(|error| io::Error::other(format!("the caFile cannot be used: {error}")))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(io::Error::other)?;
    let builder = builder.with_root_certificates(roots);
    let Some((certificate, key)) = client else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(certificate, "clientCertFile").await?;
    let key = PrivateKeyDer::from_pem_slice(&bytes(key, "clientKeyFile").await?)
        .map_err(|_| io::Error::other("the clientKeyFile holds no private key in PEM"))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| io::Error::other(format!("clientCertFile and clientKeyFile are no pair: {error}")))
}

async fn certificates(file: &Path, key: &str) -> io::Result<Vec<CertificateDer<'static>>> {
    let odd = || io::Error::other(format!("the {key} holds no certificate in PEM"));
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes(file, key).await?).collect();
    all.ok().filter(|found| !found.is_empty()).ok_or_else(odd)
}

async fn bytes(file: &Path, key: &str) -> io::Result<Vec<u8>> {
    read(file).await.map_err(|error| io::Error::other(format!("the {key} cannot be read: {error}")))
}
