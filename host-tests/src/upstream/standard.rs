//! The application that most tests want: pages, an API, a registration that ends with a receipt or with a status.

use std::sync::Arc;

use super::{Handler, Recorded, Reply};
use crate::keys::Keys;
use crate::pass::Receipt;
use crate::secrets::Secrets;

/// `POST /register/finish` answers with a receipt for whoever the assertion names, `POST /register/finish-by-status`
/// with 204, an upgrade is accepted, and everything else gets 200 and what was asked for.
#[must_use]
pub fn standard(keys: &Keys, secrets: &Secrets) -> Handler {
    let (keys, secrets) = (keys.clone(), secrets.clone());
    Arc::new(move |request: &Recorded| match (request.method.as_str(), request.target.as_str()) {
        ("POST", "/register/finish") => match Receipt::answering(&keys, request) {
            Some(receipt) => Reply::text("registered").header("tapgate-receipt", receipt.mint(&secrets)),
            None => Reply::status(401),
        },
        ("POST", "/register/finish-by-status") => Reply::status(204),
        _ if request.names("upgrade") => Reply::upgrade(),
        _ => Reply::text(format!("{} {}", request.method, request.target)),
    })
}
