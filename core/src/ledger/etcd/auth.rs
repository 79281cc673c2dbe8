//! Who the plugin is to etcd: a user with a password, for which etcd gives a token for some minutes.
//!
//! Password and token are wiped on drop, and nothing that holds one has a `Debug`, a `PartialEq` or a `Clone`.

use std::fmt;

use serde::Serialize;
use zeroize::Zeroizing;

use super::answer::Fault;
use super::{Answer, Call};
use crate::json::Json;

/// The longest user name and the longest password, in bytes.
const MOST_NAME: usize = 256;
const MOST_PASSWORD: usize = 1024;

/// The longest token. etcd's own have some twenty bytes, its JWTs a few hundred.
const MOST_TOKEN: usize = 4096;

/// An etcd user and its password. Asks for a token.
pub struct Credentials {
    name: String,
    password: Zeroizing<String>,
}

/// Why there are no credentials. Never shows any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialsError {
    /// The user name.
    Name,
    /// The password.
    Password,
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => write!(f, "a user name that is empty, over {MOST_NAME} bytes or has control characters"),
            Self::Password => {
                write!(f, "a password that is empty, over {MOST_PASSWORD} bytes or has control characters")
            }
        }
    }
}

impl std::error::Error for CredentialsError {}

/// Proof to etcd of who asks.
pub struct Token(Zeroizing<String>);

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoToken {
    /// etcd does not know the user or the password, or has no users at all.
    Refused,
    /// etcd did not answer, or its answer makes no sense.
    Unavailable,
}

#[derive(Serialize)]
struct Question<'a> {
    name: &'a str,
    password: &'a str,
}

impl Credentials {
    /// A user and its password.
    ///
    /// # Errors
    /// [`CredentialsError`] if either is empty, too long, or has a control character, such as a line end that was read
    /// along from a file.
    pub fn new(name: String, password: Zeroizing<String>) -> Result<Self, CredentialsError> {
        let sound =
            |text: &str, most: usize| !text.is_empty() && text.len() <= most && !text.contains(char::is_control);
        if !sound(&name, MOST_NAME) {
            return Err(CredentialsError::Name);
        }
        if !sound(&password, MOST_PASSWORD) {
            return Err(CredentialsError::Password);
        }
        Ok(Self { name, password })
    }

    /// The call. It goes without [`AUTHORIZATION`](super::AUTHORIZATION).
    #[must_use]
    pub fn call(&self) -> Call {
        Call::new("/v3/auth/authenticate", &Question { name: &self.name, password: &self.password })
    }

    /// Reads the call's answer.
    ///
    /// # Errors
    /// [`NoToken`], also for an answer that makes no sense and for a token that is no header value.
    pub fn read(&self, answer: Answer<'_>) -> Result<Token, NoToken> {
        let object = match answer.object() {
            Ok(object) => object,
            Err(Fault::Refused) => return Err(NoToken::Refused),
            Err(Fault::Unauthenticated | Fault::LeaseGone | Fault::Unclear) => return Err(NoToken::Unavailable),
        };
        let Some(Json::String(token)) = object.take("token") else { return Err(NoToken::Unavailable) };
        let token = Zeroizing::new(token);
        let sound = (1..=MOST_TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
        if sound { Ok(Token(token)) } else { Err(NoToken::Unavailable) }
    }
}

impl Token {
    /// The value of [`AUTHORIZATION`](super::AUTHORIZATION): the token alone, since etcd knows no `Bearer`.
    #[must_use]
    pub fn header_value(&self) -> &str {
        &self.0
    }
}
