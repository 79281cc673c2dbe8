//! Whom TLS trusts, and as whom it comes: certificates from files. Servers that are spoken to from here are nearly always signed by
//! an authority of one's own, so that one is asked for.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroize as _;

use crate::error::Failure;
use crate::exit::Exit;

/// The files.
pub(crate) struct Trust<'a> {
    /// By which certificate the server's is signed.
    pub(crate) cacert: Option<&'a Path>,
    /// The certificate to show, and its private key.
    pub(crate) own: Option<(&'a Path, &'a Path)>,
}

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrustError {
    #[error("`https` needs `--cacert FILE`: the certificate by which the server's own is signed")]
    NoCertificate,
    #[error("cannot read `{}`", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` holds no usable certificate or key in PEM: {reason}", .path.display())]
    NoPem { path: PathBuf, reason: String },
}

impl Failure for TrustError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoCertificate => Exit::Usage,
            Self::Read { .. } | Self::NoPem { .. } => Exit::Unreadable,
        }
    }
}

impl Trust<'_> {
    /// How to speak TLS.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, TrustError> {
        let path = self.cacert.ok_or(TrustError::NoCertificate)?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|error| no_pem(path, error))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| no_pem(path, error))?
            .with_root_certificates(roots);
        let config = match self.own {
            Some((chain, key)) => {
                let mut pem = read(key)?;
                let parsed = PrivateKeyDer::from_pem_slice(&pem);
                pem.zeroize();
                let parsed = parsed.map_err(|error| no_pem(key, error))?;
                config.with_client_auth_cert(certificates(chain)?, parsed).map_err(|error| no_pem(key, error))?
            }
            None => config.with_no_client_auth(),
        };
        Ok(Arc::new(config))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    let found = found.map_err(|error| no_pem(path, error))?;
    if found.is_empty() { Err(no_pem(path, "there is none in it")) } else { Ok(found) }
}

fn no_pem(path: &Path, reason: impl std::fmt::Display) -> TrustError {
    TrustError::NoPem { path: path.to_owned(), reason: reason.to_string() }
}

fn read(path: &Path) -> Result<Vec<u8>, TrustError> {
    fs::read(path).map_err(|source| TrustError::Read { path: path.to_owned(), source })
}
