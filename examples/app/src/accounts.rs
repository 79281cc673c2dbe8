//! The application's own memory: which methods people have registered, and who is signed in with one.
//!
//! A stand-in. The method is a "device code", a random text that the person keeps; a real application registers a passkey
//! here and stores its public key. Everything is lost when the process ends.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Letters and digits that are not mistaken for one another.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Who has which method, and which login cookie belongs to whom.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Device codes by user.
    codes: HashMap<String, Vec<String>>,
    /// Users by login token.
    logins: HashMap<String, String>,
}

impl Accounts {
    /// Registers a new device code for a user, and gives it: the only time that it is shown.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub(crate) fn register(&self, user: &str) -> Result<String, getrandom::Error> {
        let text = random_text::<12>()?;
        let (first, rest) = text.split_at_checked(4).unwrap_or((&text, ""));
        let (second, third) = rest.split_at_checked(4).unwrap_or((rest, ""));
        let code = format!("{first}-{second}-{third}");
        self.lock().codes.entry(identity(user)).or_default().push(code.clone());
        Ok(code)
    }

    /// Signs a person in with a device code; `None` if it is not theirs. Gives the token of a new login.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub(crate) fn sign_in(&self, user: &str, code: &str) -> Result<Option<String>, getrandom::Error> {
        let user = identity(user);
        let code = code.trim().to_ascii_uppercase();
        let known = self.lock().codes.get(&user).is_some_and(|codes| codes.contains(&code));
        if known { self.start_login(&user).map(Some) } else { Ok(None) }
    }

    /// Starts a login for a user and gives its token.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub(crate) fn start_login(&self, user: &str) -> Result<String, getrandom::Error> {
        let token = random_text::<26>()?;
        self.lock().logins.insert(token.clone(), identity(user));
        Ok(token)
    }

    /// Whose login this token is.
    pub(crate) fn login(&self, token: &str) -> Option<String> {
        self.lock().logins.get(token).cloned()
    }

    /// Ends a login.
    pub(crate) fn sign_out(&self, token: &str) {
        self.lock().logins.remove(token);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is one insertion or removal, so what a panicking thread leaves behind is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One spelling for a user, as the gate has it: names compare without regard to ASCII case.
fn identity(user: &str) -> String {
    user.trim().to_ascii_lowercase()
}

/// `N` characters with five random bits each.
fn random_text<const N: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31))).map(|&letter| char::from(letter)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_signs_in_its_owner_only() {
        let accounts = Accounts::default();
        let code = accounts.register("Alice@example.com").unwrap();
        assert!(accounts.sign_in("bob@example.com", &code).unwrap().is_none());
        assert!(accounts.sign_in("alice@example.com", "2222-2222-2222").unwrap().is_none());
        let token = accounts.sign_in("alice@EXAMPLE.com", &code.to_lowercase()).unwrap().unwrap();
        assert_eq!(accounts.login(&token).as_deref(), Some("alice@example.com"));
    }

    #[test]
    fn a_login_ends() {
        let accounts = Accounts::default();
        let token = accounts.start_login("alice").unwrap();
        accounts.sign_out(&token);
        assert_eq!(accounts.login(&token), None);
    }

    #[test]
    fn codes_are_long_and_differ() {
        let accounts = Accounts::default();
        let one = accounts.register("alice").unwrap();
        let other = accounts.register("alice").unwrap();
        assert_eq!(one.len(), 14);
        assert_ne!(one, other);
    }
}
