//! A syslog receiver of the tests' own, over TCP or TLS: it counts octets, and hangs up when it is told to.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serin_dev::{Authority, Identity};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A running receiver.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    hang_ups: watch::Sender<usize>,
    running: JoinHandle<()>,
}

impl Receiver {
    /// Listens at a port of its own, or at the one that is given; with TLS where there is a configuration.
    pub(crate) async fn start(port: u16, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, hang_ups) = (Arc::<Mutex<Vec<String>>>::default(), watch::Sender::new(0));
        let (shared, hang_up) = (Arc::clone(&heard), hang_ups.clone());
        let running = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, heard, mut hang_up) = (tls.clone(), Arc::clone(&shared), hang_up.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        () = serve(stream, tls, &heard) => {}
                        // The watch is told, or gone with the receiver.
                        _ = hang_up.changed() => {}
                    }
                });
            }
        });
        Self { port, heard, hang_ups, running }
    }

    /// All messages so far, in the order in which they came.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Ends every connection.
    pub(crate) fn hang_up(&self) {
        self.hang_ups.send_modify(|count| *count += 1);
    }

    /// Ends, and says what was heard.
    pub(crate) async fn stop(self) -> Vec<String> {
        self.running.abort();
        let _ = self.running.await;
        self.hang_ups.send_modify(|count| *count += 1);
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, heard: &Mutex<Vec<String>>) {
    match tls {
        None => read(stream, heard).await,
        Some(config) => {
            if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                read(stream, heard).await;
            }
        }
    }
}

/// Octet counting: a number, a space, and so many bytes.
async fn read(mut stream: impl AsyncRead + Unpin, heard: &Mutex<Vec<String>>) {
    let mut bytes = Vec::new();
    while let Ok(1..) = stream.read_buf(&mut bytes).await {
        while let Some(space) = bytes.iter().position(|byte| *byte == b' ') {
            let count: usize = String::from_utf8_lossy(&bytes[..space]).parse().unwrap();
            if bytes.len() < space + 1 + count {
                break;
            }
            let message: Vec<u8> = bytes.drain(..=space + count).skip(space + 1).collect();
            heard.lock().unwrap().push(String::from_utf8(message).unwrap());
        }
    }
}

/// Serves as this identity, and wants a certificate of this authority from whoever comes.
pub(crate) fn mutual(server: &Identity, clients: &Authority) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&clients.certificate()) {
        roots.add(certificate).unwrap();
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::from_pem_file(&server.key).unwrap();
    let config = builder.with_client_cert_verifier(verifier).with_single_cert(certificates(&server.certificate), key);
    Arc::new(config.unwrap())
}

fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(file).unwrap().map(Result::unwrap).collect()
}
