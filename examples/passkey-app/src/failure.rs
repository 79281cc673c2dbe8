//! What goes wrong, as people and scripts are told of it: coarse outside, exact in the program's own log.

use axum::Json;
use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use webauthn_rs::prelude::WebauthnError;

use crate::pages;
use crate::store::StoreError;

/// Why a request gets no good answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Not for this person, as things are.
    #[error("that is not for you to do now; sign in first")]
    Forbidden,
    /// Not from a page of the site itself.
    #[error("that did not come from a page of this site")]
    CrossSite,
    /// The assertion is not the gate's.
    #[error("whoever sends this cannot be believed to be the gate")]
    Distrusted,
    /// What was sent does not read.
    #[error("that cannot be read")]
    Unreadable(StatusCode),
    /// No such ceremony is under way: never begun, finished already, or too long ago.
    #[error("that took too long, or was begun again elsewhere; please try again")]
    StartAgain,
    /// The authenticator's answer does not verify.
    #[error("the passkey's answer was not right; please try again")]
    NotVerified(#[source] WebauthnError),
    /// It verifies, and is nobody's passkey.
    #[error("no passkey of yours is known here; it may have been removed")]
    UnknownPasskey,
    /// It has been registered before.
    #[error("that passkey is registered already")]
    AlreadyRegistered,
    /// There are as many as there may be.
    #[error("you have as many passkeys as one may have; remove one first")]
    TooMany,
    /// The database, or the system, failed.
    #[error("something is broken on our side; please try again later")]
    Broken(#[from] StoreError),
    /// A template or an answer that cannot be made, which no input brings about.
    #[error("something is broken on our side; please try again later")]
    Impossible,
}

impl Failure {
    /// The status, and the name for scripts.
    const fn shown(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::CrossSite => (StatusCode::FORBIDDEN, "cross_site"),
            Self::Distrusted => (StatusCode::UNAUTHORIZED, "distrusted"),
            Self::Unreadable(status) => (*status, "unreadable"),
            Self::StartAgain => (StatusCode::CONFLICT, "start_again"),
            Self::NotVerified(_) => (StatusCode::BAD_REQUEST, "not_verified"),
            Self::UnknownPasskey => (StatusCode::UNAUTHORIZED, "unknown_passkey"),
            Self::AlreadyRegistered => (StatusCode::CONFLICT, "already_registered"),
            Self::TooMany => (StatusCode::CONFLICT, "too_many"),
            Self::Broken(_) | Self::Impossible => (StatusCode::INTERNAL_SERVER_ERROR, "broken"),
        }
    }

    /// As a page, for people.
    pub(crate) fn page(&self) -> Response {
        self.log();
        pages::problem(self.shown().0, &self.to_string())
    }

    /// As JSON, for the scripts of the pages.
    pub(crate) fn json(&self) -> Response {
        self.log();
        let (status, reason) = self.shown();
        (status, Json(json!({ "reason": reason, "message": self.to_string() }))).into_response()
    }

    /// What only operators are told. Nothing of it came from outside but what an error of a library quotes.
    #[expect(clippy::print_stderr, reason = "the program's own log")]
    fn log(&self) {
        if let Self::Broken(error) = self {
            eprintln!("passkey-app: {error}: {:?}", std::error::Error::source(error).map(ToString::to_string));
        }
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::Unreadable(rejection.status())
    }
}

impl From<FormRejection> for Failure {
    fn from(rejection: FormRejection) -> Self {
        Self::Unreadable(rejection.status())
    }
}

impl From<WebauthnError> for Failure {
    fn from(error: WebauthnError) -> Self {
        Self::NotVerified(error)
    }
}

impl From<getrandom::Error> for Failure {
    fn from(error: getrandom::Error) -> Self {
        Self::Broken(StoreError::from(error))
    }
}

/// A failure that answers as JSON: what the handlers of `/webauthn/*` give.
pub(crate) struct JsonFailure(Failure);

impl<E: Into<Failure>> From<E> for JsonFailure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for JsonFailure {
    fn into_response(self) -> Response {
        self.0.json()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.page()
    }
}
