//! Who is who: certificates from an authority that lives as long as its value, in memory.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
};

/// The first address of the Service range: the API server answers to it.
const KUBERNETES_SERVICE: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 1);

/// Signs certificates, those of the plane or of a test, and writes them as files into one folder.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: PathBuf,
}

/// The files of one identity.
#[derive(Debug)]
pub struct Identity {
    /// The certificate, in PEM.
    pub certificate: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
}

impl Authority {
    /// A new authority; its own certificate becomes `ca.crt` in `dir`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn new(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "serin-dev");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?).context("cannot make the certificate authority")?;
        std::fs::write(dir.join("ca.crt"), issuer.pem())?;
        Ok(Self { issuer, dir: dir.to_path_buf() })
    }

    /// The file with its own certificate.
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    /// The identity of a server on the loopback address.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn server(&self) -> Result<Identity> {
        self.server_at(Ipv4Addr::LOCALHOST)
    }

    /// The identity of a server at this address; on a plane that is the API server.
    pub(crate) fn server_at(&self, address: Ipv4Addr) -> Result<Identity> {
        let names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
        let mut params = CertificateParams::new(names.map(String::from))?;
        let addresses = [address, KUBERNETES_SERVICE];
        params.subject_alt_names.extend(addresses.map(|address| SanType::IpAddress(IpAddr::V4(address))));
        params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign("apiserver", params)
    }

    /// A user's identity. The API server reads the name from the common name and the group from the organization.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn user(&self, name: &str, group: &str) -> Result<Identity> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, group);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&format!("user-{}", file_name(name)), params)
    }

    /// The key that signs service account tokens (private) and the one that checks them (public).
    pub(crate) fn token_keys(&self) -> Result<Identity> {
        let pair = KeyPair::generate()?;
        let identity = Identity { certificate: self.dir.join("tokens.pub"), key: self.dir.join("tokens.key") };
        std::fs::write(&identity.certificate, pair.public_key_pem())?;
        std::fs::write(&identity.key, pair.serialize_pem())?;
        Ok(identity)
    }

    fn sign(&self, name: &str, mut params: CertificateParams) -> Result<Identity> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        let pair = KeyPair::generate()?;
        let certificate = params.signed_by(&pair, &self.issuer).with_context(|| format!("cannot sign the certificate of {name}"))?;
        let identity = Identity { certificate: self.dir.join(format!("{name}.crt")), key: self.dir.join(format!("{name}.key")) };
        std::fs::write(&identity.certificate, certificate.pem())?;
        std::fs::write(&identity.key, pair.serialize_pem())?;
        Ok(identity)
    }
}

/// User names may hold what file names may not: `system:kube-scheduler`.
pub(crate) fn file_name(user: &str) -> String {
    user.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' }).collect()
}
