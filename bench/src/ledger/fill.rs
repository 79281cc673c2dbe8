//! A ledger as it is after so many people: records as core writes them, put into etcd by the hundred.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tapgate_core::ledger::etcd::{Call, Keyspace};
use tapgate_core::ledger::{Event, PresentedPass, Record, RecordName, SignIn};
use tapgate_core::names::{SessionId, TenantId};
use tapgate_core::time::{Seconds, UnixSeconds};
use tapgate_host_tests::etcd::Client;

/// The most operations that etcd takes in one transaction, unless it is told otherwise.
const MOST: usize = 128;

/// How long before now everybody signed in, in seconds.
const AGO: u64 = 7 * 24 * 3600;

/// How long a pass lives, somebody has to register, and a pass could still be valid after its issue: the shipped policy's.
const LIFETIME: u64 = 3600;
const WINDOW: Seconds = Seconds::new(600);
const LONGEST: Seconds = Seconds::new(43_200 * 60 + 480 * 60);

/// The user of this number.
pub(super) fn user(number: u32) -> String {
    format!("user-{number}@example.com")
}

/// Begins a tenant's ledger and writes the records of so many users.
pub(super) async fn fill(etcd: &mut Client, prefix: &str, tenant: &str, users: u32, now: u64) -> Result<()> {
    let tenant: TenantId = tenant.parse().ok().context("a tenant's id")?;
    let keyspace = Keyspace::of(prefix, &tenant);
    let then = now.checked_sub(AGO).and_then(UnixSeconds::new).context("a time")?;
    let nobody = RecordName::of(&tenant, &"nobody".parse().ok().context("a user's id")?);
    made(etcd, &keyspace.load(&nobody, then).call()).await?;
    let mut puts = Vec::new();
    for number in 0..users {
        let name = RecordName::of(&tenant, &user(number).parse().ok().context("a user's id")?);
        let swap = keyspace.swap(&name, then, None, &record(number, then)?, None).call();
        // The one operation of a first swap, with key and value as the plugin would write them.
        let swap: Value = serde_json::from_slice(&swap.body).context("a call as JSON")?;
        puts.push(swap.pointer("/success/0").cloned().context("a put")?);
        if puts.len() == MOST || number.checked_add(1) == Some(users) {
            put(etcd, std::mem::take(&mut puts)).await?;
        }
    }
    Ok(())
}

/// Somebody's record: a one-time pass, its holder, a session.
fn record(number: u32, then: UnixSeconds) -> Result<Record> {
    let [a, b, c, d] = number.to_be_bytes();
    let mut id = [0xA5; 16];
    id[..4].copy_from_slice(&[a, b, c, d]);
    let mut holder = [0x5A; 32];
    holder[..4].copy_from_slice(&[d, c, b, a]);
    let pass = PresentedPass {
        id: format!("pass-of-user-{number:012x}").parse().ok().context("a pass's id")?,
        issued: then,
        start: then,
        end: then.plus(Seconds::new(LIFETIME)),
        once: true,
        typed: false,
    };
    let sign_in = SignIn {
        pass,
        session: SessionId::from_bytes(id),
        holder: vec![holder],
        window: WINDOW,
        retries: 3,
        longest_from_issue: LONGEST,
    };
    let birth = then.get().checked_sub(LIFETIME).and_then(UnixSeconds::new).context("a time")?;
    sign_in.apply(None, birth, then).write.record().context("a sign-in that writes a record")
}

async fn put(etcd: &mut Client, puts: Vec<Value>) -> Result<()> {
    let body = json!({"compare": [], "success": puts, "failure": []}).to_string();
    answered(etcd, "/v3/kv/txn", body).await
}

async fn made(etcd: &mut Client, call: &Call) -> Result<()> {
    answered(etcd, call.path, String::from_utf8(call.body.to_vec()).context("JSON is text")?).await
}

async fn answered(etcd: &mut Client, path: &str, body: String) -> Result<()> {
    match etcd.post(path, body, None).await {
        Ok(answer) => {
            ensure!(answer.status == 200, "etcd answered {}", answer.text());
            Ok(())
        }
        Err(error) => bail!("etcd did not answer: {error}"),
    }
}
