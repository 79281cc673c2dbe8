//! Records as bytes: small, versioned, read back with every length checked. What a store gives back may be anything.

use super::Unavailable;
use super::record::{MOST_SESSIONS, Record, Reservation, SessionEntry, StandingPass};
use crate::names::{AttemptId, PassId, SessionId};
use crate::time::UnixSeconds;

/// The first byte of a record.
const FORMAT: u8 = 1;

const NO_PASS: u8 = 0;
const MANY: u8 = 1;
const ONCE: u8 = 2;

impl Record {
    /// The record as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(self.attempt.as_bytes());
        put_time(&mut bytes, self.floor);
        put_time(&mut bytes, self.keep_until);
        match &self.pass {
            None => bytes.push(NO_PASS),
            Some(pass) => put_pass(&mut bytes, pass),
        }
        // A record never has more than MOST_SESSIONS sessions.
        let sessions = self.sessions.iter().take(MOST_SESSIONS);
        bytes.push(u8::try_from(sessions.len()).unwrap_or(u8::MAX));
        for session in sessions {
            bytes.extend_from_slice(session.id.as_bytes());
            put_time(&mut bytes, session.end);
            bytes.push(u8::from(session.registered));
        }
        bytes
    }

    /// Reads what [`Record::encode`] wrote.
    ///
    /// # Errors
    /// [`Unavailable`] for anything else, down to a byte too many.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unavailable> {
        let mut reader = Reader(bytes);
        let record = read(&mut reader).ok_or(Unavailable)?;
        if reader.0.is_empty() { Ok(record) } else { Err(Unavailable) }
    }
}

fn put_time(bytes: &mut Vec<u8>, time: UnixSeconds) {
    bytes.extend_from_slice(&time.get().to_be_bytes());
}

fn put_pass(bytes: &mut Vec<u8>, pass: &StandingPass) {
    bytes.push(if pass.reservation.is_some() { ONCE } else { MANY });
    // A pass id has at most 64 bytes.
    let id = pass.id.as_str().as_bytes();
    bytes.push(u8::try_from(id.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(id);
    put_time(bytes, pass.end);
    if let Some(reservation) = &pass.reservation {
        bytes.extend_from_slice(&reservation.holder);
        put_time(bytes, reservation.since);
        put_time(bytes, reservation.deadline);
        bytes.push(reservation.retries_left);
        bytes.push(u8::from(reservation.consumed));
    }
}

fn read(reader: &mut Reader<'_>) -> Option<Record> {
    if reader.byte()? != FORMAT {
        return None;
    }
    Some(Record {
        attempt: AttemptId::from_bytes(reader.array()?),
        floor: reader.time()?,
        keep_until: reader.time()?,
        pass: read_pass(reader)?,
        sessions: read_sessions(reader)?,
    })
}

fn read_pass(reader: &mut Reader<'_>) -> Option<Option<StandingPass>> {
    let once = match reader.byte()? {
        NO_PASS => return Some(None),
        MANY => false,
        ONCE => true,
        _ => return None,
    };
    let length = usize::from(reader.byte()?);
    let id: PassId = std::str::from_utf8(reader.take(length)?).ok()?.parse().ok()?;
    let end = reader.time()?;
    let reservation = if once {
        Some(Reservation {
            holder: reader.array()?,
            since: reader.time()?,
            deadline: reader.time()?,
            retries_left: reader.byte()?,
            consumed: reader.flag()?,
        })
    } else {
        None
    };
    Some(Some(StandingPass { id, end, reservation }))
}

fn read_sessions(reader: &mut Reader<'_>) -> Option<Vec<SessionEntry>> {
    let count = usize::from(reader.byte()?);
    if count > MOST_SESSIONS {
        return None;
    }
    (0..count)
        .map(|_| {
            let id = SessionId::from_bytes(reader.array()?);
            Some(SessionEntry { id, end: reader.time()?, registered: reader.flag()? })
        })
        .collect()
}

/// Takes bytes from the front, never more than there are.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn time(&mut self) -> Option<UnixSeconds> {
        UnixSeconds::new(u64::from_be_bytes(self.array()?))
    }
}
