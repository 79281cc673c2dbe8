//! The application's memory, in SQLite: users, their passkeys, and who is signed in.
//!
//! Every public function is one transaction on a thread where blocking is fine. Nothing here knows the gate or WebAuthn: a passkey is the
//! JSON that the library made of it, with the credential's id beside it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use webauthn_rs::prelude::{Passkey, Uuid};

use crate::token;

/// How many passkeys a user may have.
const MOST_PASSKEYS: i64 = 20;
/// How many sign-ins a user may have at once; a further one ends the oldest.
const MOST_LOGINS: i64 = 16;
/// How long a sign-in lasts, in seconds.
pub(crate) const LOGIN: i64 = 8 * 60 * 60;
/// How long one waits for another process that writes.
const BUSY: Duration = Duration::from_secs(5);
/// Which shape the tables have.
const VERSION: i64 = 1;

/// Names compare without regard to ASCII case, as the gate's do.
const TABLES: &str = "
    CREATE TABLE users (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        handle BLOB NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE passkeys (
        id INTEGER PRIMARY KEY,
        user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        credential BLOB NOT NULL UNIQUE,
        passkey TEXT NOT NULL,
        name TEXT NOT NULL,
        created INTEGER NOT NULL,
        used INTEGER,
        session TEXT
    ) STRICT;
    CREATE INDEX passkeys_of_user ON passkeys (user);
    CREATE TABLE logins (
        token BLOB PRIMARY KEY,
        passkey INTEGER NOT NULL REFERENCES passkeys (id) ON DELETE CASCADE,
        began INTEGER NOT NULL,
        ends INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX logins_of_passkey ON logins (passkey);
    CREATE TABLE secret (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL) STRICT;
";

/// What the database, or the system under it, failed at.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite failed.
    #[error("the database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// A stored passkey does not read, or one cannot be written down.
    #[error("a passkey in the database does not read")]
    Passkey(#[from] serde_json::Error),
    /// A stored user handle does not read.
    #[error("a user in the database does not read")]
    Handle,
    /// A later version of the application has made the tables.
    #[error("the tables are of version {0}, which is not known here")]
    Version(i64),
    /// The system has no randomness to give.
    #[error("the system gives no randomness")]
    Randomness(#[from] getrandom::Error),
    /// The thread that asked the database is gone.
    #[error("the database was not asked")]
    Gone,
}

type Result<T> = std::result::Result<T, StoreError>;

/// A user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: i64,
    /// What authenticators know the user by: random, so that it says nothing.
    pub(crate) handle: Uuid,
}

/// A passkey as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// Seconds since 1970.
    pub(crate) created: i64,
    /// When somebody last signed in with it.
    pub(crate) used: Option<i64>,
    pub(crate) passkey: Passkey,
    /// The very text in the database, by which a change in between is noticed.
    text: String,
}

/// A sign-in that has not ended.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// The user's name.
    pub(crate) name: String,
    /// The token as it is kept.
    pub(crate) token: Vec<u8>,
}

/// A passkey to be kept.
pub(crate) struct New {
    pub(crate) user: i64,
    pub(crate) name: String,
    pub(crate) passkey: Passkey,
    /// The session of the gate's in which it was registered.
    pub(crate) session: Option<String>,
}

/// What came of keeping a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    Yes,
    /// Its credential is known already.
    Known,
    /// The user has as many as there may be.
    TooMany,
}

/// What came of removing a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removed {
    Yes,
    /// The user has no such passkey.
    Unknown,
    /// It is the only one, and that was not asked for.
    WouldBeLast,
}

/// The open database.
#[derive(Clone)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
    /// What decoys for unknown names are made with; the same after a restart.
    secret: Arc<[u8]>,
}

impl Store {
    /// Opens the database, and makes its tables where there are none.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match change.pragma_query_value(None, "user_version", |row| row.get(0))? {
            VERSION => {}
            0 => {
                change.execute_batch(TABLES)?;
                let mut secret = [0_u8; 32];
                getrandom::fill(&mut secret)?;
                change.execute("INSERT INTO secret (id, bytes) VALUES (1, ?1)", params![secret])?;
                change.pragma_update(None, "user_version", VERSION)?;
            }
            other => return Err(StoreError::Version(other)),
        }
        let secret: Vec<u8> = change.query_row("SELECT bytes FROM secret", [], |row| row.get(0))?;
        change.commit()?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), secret: secret.into() })
    }

    /// What decoys are made with.
    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// The user of this name, who is made where there is none: for names that the gate vouches for, or that are signed in.
    pub(crate) async fn user(&self, name: &str) -> Result<User> {
        let name = name.to_owned();
        self.change(move |change| {
            if let Some(user) = user(change, &name)? {
                return Ok(user);
            }
            let mut bytes = [0_u8; 16];
            getrandom::fill(&mut bytes)?;
            let handle = Uuid::from_bytes(bytes);
            change.execute("INSERT INTO users (name, handle) VALUES (?1, ?2)", params![name, bytes])?;
            Ok(User { id: change.last_insert_rowid(), handle })
        })
        .await
    }

    /// The passkeys of the user of this name, in the order in which they came; none for a name that nobody has.
    pub(crate) async fn passkeys(&self, name: &str) -> Result<Vec<Kept>> {
        let name = name.to_owned();
        self.change(move |change| passkeys(change, &name)).await
    }

    /// Whether the user of this name may have one more.
    pub(crate) async fn has_room(&self, name: &str) -> Result<bool> {
        let name = name.to_owned();
        self.change(move |change| {
            let count: i64 = change.query_row(
                "SELECT count(*) FROM passkeys p JOIN users u ON u.id = p.user WHERE u.name = ?1",
                [name],
                |row| row.get(0),
            )?;
            Ok(count < MOST_PASSKEYS)
        })
        .await
    }

    /// The passkey with this credential id, if it is that user's.
    pub(crate) async fn passkey(&self, handle: Uuid, credential: &[u8]) -> Result<Option<Kept>> {
        let credential = credential.to_owned();
        self.change(move |change| {
            let row = change
                .query_row(
                    "SELECT p.id, p.name, p.created, p.used, p.passkey FROM passkeys p JOIN users u ON u.id = p.user
                     WHERE p.credential = ?1 AND u.handle = ?2",
                    params![credential, handle.as_bytes()],
                    columns,
                )
                .optional()?;
            row.map(kept).transpose()
        })
        .await
    }

    /// Keeps a passkey.
    pub(crate) async fn add(&self, new: New) -> Result<Added> {
        self.change(move |change| {
            let count: i64 =
                change.query_row("SELECT count(*) FROM passkeys WHERE user = ?1", [new.user], |row| row.get(0))?;
            if count >= MOST_PASSKEYS {
                return Ok(Added::TooMany);
            }
            let credential: &[u8] = new.passkey.cred_id().as_ref();
            let known: bool =
                change.query_row("SELECT EXISTS (SELECT 1 FROM passkeys WHERE credential = ?1)", [credential], |row| {
                    row.get(0)
                })?;
            if known {
                return Ok(Added::Known);
            }
            change.execute(
                "INSERT INTO passkeys (user, credential, passkey, name, created, session) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    new.user,
                    credential,
                    serde_json::to_string(&new.passkey)?,
                    new.name,
                    crate::now(),
                    new.session
                ],
            )?;
            Ok(Added::Yes)
        })
        .await
    }

    /// Whether a passkey of this user was registered in that session of the gate's.
    pub(crate) async fn has_registered(&self, name: &str, session: &str) -> Result<bool> {
        let (name, session) = (name.to_owned(), session.to_owned());
        self.change(move |change| {
            Ok(change.query_row(
                "SELECT EXISTS (SELECT 1 FROM passkeys p JOIN users u ON u.id = p.user WHERE u.name = ?1 AND p.session = ?2)",
                params![name, session],
                |row| row.get(0),
            )?)
        })
        .await
    }

    /// Removes a passkey of the user of this name, and ends whatever was signed in with it.
    pub(crate) async fn remove(&self, name: &str, id: i64, even_the_last: bool) -> Result<Removed> {
        let name = name.to_owned();
        self.change(move |change| {
            let all = passkeys(change, &name)?;
            if !all.iter().any(|one| one.id == id) {
                return Ok(Removed::Unknown);
            }
            if all.len() == 1 && !even_the_last {
                return Ok(Removed::WouldBeLast);
            }
            change.execute("DELETE FROM passkeys WHERE id = ?1", [id])?;
            Ok(Removed::Yes)
        })
        .await
    }

    /// Signs in with a passkey that has just been used, in place of a former sign-in of the same browser, and gives the token. `None`
    /// if the passkey was removed or used by somebody else meanwhile.
    pub(crate) async fn sign_in(&self, used: Kept, former: Option<Vec<u8>>) -> Result<Option<String>> {
        let token = token::random()?;
        let kept = token::kept(&token);
        self.change(move |change| {
            let now = crate::now();
            let passkey = serde_json::to_string(&used.passkey)?;
            let changed = change.execute(
                "UPDATE passkeys SET passkey = ?1, used = ?2 WHERE id = ?3 AND passkey = ?4",
                params![passkey, now, used.id, used.text],
            )?;
            if changed != 1 {
                return Ok(None);
            }
            change.execute("DELETE FROM logins WHERE ends <= ?1 OR token = ?2", params![now, former])?;
            let ends = now.saturating_add(LOGIN);
            change.execute(
                "INSERT INTO logins (token, passkey, began, ends) VALUES (?1, ?2, ?3, ?4)",
                params![kept, used.id, now, ends],
            )?;
            change.execute(
                "DELETE FROM logins WHERE token IN (
                     SELECT l.token FROM logins l JOIN passkeys p ON p.id = l.passkey
                     WHERE p.user = (SELECT user FROM passkeys WHERE id = ?1) ORDER BY l.rowid DESC LIMIT -1 OFFSET ?2)",
                params![used.id, MOST_LOGINS],
            )?;
            Ok(Some(token))
        })
        .await
    }

    /// The sign-in with this token, as it is kept, if it has not ended.
    pub(crate) async fn login(&self, token: Vec<u8>) -> Result<Option<Login>> {
        self.change(move |change| {
            let name = change
                .query_row(
                    "SELECT u.name FROM logins l JOIN passkeys p ON p.id = l.passkey JOIN users u ON u.id = p.user
                     WHERE l.token = ?1 AND l.ends > ?2",
                    params![token, crate::now()],
                    |row| row.get(0),
                )
                .optional()?;
            Ok(name.map(|name| Login { name, token }))
        })
        .await
    }

    /// Ends the sign-in with this token, as it is kept.
    pub(crate) async fn sign_out(&self, token: Vec<u8>) -> Result<()> {
        self.change(move |change| {
            change.execute("DELETE FROM logins WHERE token = ?1", [token])?;
            Ok(())
        })
        .await
    }

    /// Runs one transaction where blocking is fine.
    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let connection = Arc::clone(&self.connection);
        let done = tokio::task::spawn_blocking(move || {
            // A transaction that was cut short has been rolled back, so what a panicking thread leaves behind is whole.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&change)?;
            change.commit()?;
            Ok(done)
        });
        done.await.map_err(|_| StoreError::Gone)?
    }
}

fn user(change: &Transaction<'_>, name: &str) -> Result<Option<User>> {
    let row: Option<(i64, Vec<u8>)> = change
        .query_row("SELECT id, handle FROM users WHERE name = ?1", [name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(id, handle)| Ok(User { id, handle: Uuid::from_slice(&handle).map_err(|_| StoreError::Handle)? }))
        .transpose()
}

fn passkeys(change: &Transaction<'_>, name: &str) -> Result<Vec<Kept>> {
    let mut asked = change.prepare(
        "SELECT p.id, p.name, p.created, p.used, p.passkey FROM passkeys p JOIN users u ON u.id = p.user
         WHERE u.name = ?1 ORDER BY p.id",
    )?;
    let rows = asked.query_map([name], columns)?;
    rows.map(|row| kept(row?)).collect()
}

type Columns = (i64, String, i64, Option<i64>, String);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn kept((id, name, created, used, text): Columns) -> Result<Kept> {
    let passkey = serde_json::from_str(&text)?;
    Ok(Kept { id, name, created, used, passkey, text })
}
