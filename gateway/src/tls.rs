//! Who the gateway is to browsers: certificates and keys.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::error::GatewayError;
use crate::options::Identity;

/// What accepts connections as somebody; `None` for plain HTTP.
pub(crate) fn acceptor(identity: &Identity) -> Result<Option<TlsAcceptor>, GatewayError> {
    let (chain, key) = match identity {
        Identity::Plain => return Ok(None),
        Identity::Given { certificates, key } => {
            let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(certificates).collect();
            let key = PrivateKeyDer::from_pem_slice(key).map_err(unusable)?;
            (chain.map_err(unusable)?, key)
        }
        Identity::SelfMade(names) => {
            let made = rcgen::generate_simple_self_signed(names.clone()).map_err(unusable)?;
            let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(unusable)?;
            (vec![made.cert.der().clone()], key)
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

fn unusable(error: impl std::fmt::Display) -> GatewayError {
    GatewayError::Certificate(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_read_or_refused() {
        assert!(acceptor(&Identity::Plain).unwrap().is_none());
        assert!(acceptor(&Identity::SelfMade(vec!["localhost".to_owned()])).unwrap().is_some());
        let made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let (certificates, key) = (made.cert.pem().into_bytes(), made.signing_key.serialize_pem().into_bytes());
        assert!(acceptor(&Identity::Given { certificates: certificates.clone(), key: key.clone() }).unwrap().is_some());
        let other = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap().signing_key.serialize_pem();
        for (certificates, key) in
            [(Vec::new(), key.clone()), (certificates.clone(), Vec::new()), (certificates, other.into_bytes())]
        {
            assert!(matches!(acceptor(&Identity::Given { certificates, key }), Err(GatewayError::Certificate(_))));
        }
    }
}
