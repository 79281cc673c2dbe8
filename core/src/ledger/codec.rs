//! Records as bytes: small, versioned, read back with every length checked. What a store gives back may be anything.

use std::str::FromStr;

use super::Unavailable;
use super::record::{
    Guesses, IssuedCode, IssuingRequest, MOST_REQUESTS, MOST_SESSIONS, Record, Reservation, SessionEntry, StandingPass,
};
use crate::code::CodeLength;
use crate::names::{AttemptId, SessionId};
use crate::time::UnixSeconds;

/// The first byte of a record.
const FORMAT: u8 = 2;

/// What a pass has, as bits of one byte; a record without a pass has none of them.
const PASS: u8 = 1;
const ONCE: u8 = 2;
const CODE: u8 = 4;
const RESERVATION: u8 = 8;
const PRESENTED: u8 = 16;

impl Record {
    /// The record as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(self.attempt.as_bytes());
        put_time(&mut bytes, self.floor);
        put_time(&mut bytes, self.keep_until);
        match &self.pass {
            None => bytes.push(0),
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
        // Nothing, where there is none: as records were written before there could be any.
        let requests = self.requests.iter().take(MOST_REQUESTS);
        if requests.len() > 0 {
            bytes.push(u8::try_from(requests.len()).unwrap_or(u8::MAX));
        }
        for request in requests {
            bytes.extend_from_slice(&request.tag);
            bytes.extend_from_slice(&request.caller);
            put_name(&mut bytes, request.pass.as_str());
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
    let has = |bit, there| if there { bit } else { 0 };
    let bits = [
        has(ONCE, pass.once),
        has(CODE, pass.code.is_some()),
        has(RESERVATION, pass.reservation.is_some()),
        has(PRESENTED, pass.presented),
    ];
    bytes.push(bits.into_iter().fold(PASS, |all, bit| all | bit));
    put_name(bytes, pass.id.as_str());
    put_time(bytes, pass.created);
    put_time(bytes, pass.start);
    put_time(bytes, pass.end);
    if let Some(code) = &pass.code {
        put_name(bytes, code.key.as_str());
        bytes.push(code.length.get());
        bytes.push(code.guesses.wrong);
        put_time(bytes, code.guesses.wait_until);
    }
    if let Some(reservation) = &pass.reservation {
        bytes.extend_from_slice(&reservation.holder);
        put_time(bytes, reservation.since);
        put_time(bytes, reservation.deadline);
        bytes.push(reservation.retries_left);
        bytes.push(u8::from(reservation.consumed));
    }
}

/// A pass's or a key's id: at most 64 bytes.
fn put_name(bytes: &mut Vec<u8>, name: &str) {
    bytes.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(name.as_bytes());
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
        requests: read_requests(reader)?,
    })
}

fn read_pass(reader: &mut Reader<'_>) -> Option<Option<StandingPass>> {
    let bits = reader.byte()?;
    if bits == 0 {
        return Some(None);
    }
    if bits & PASS == 0 || bits & !(PASS | ONCE | CODE | RESERVATION | PRESENTED) != 0 {
        return None;
    }
    let once = bits & ONCE != 0;
    // Nobody holds a pass that everybody may use.
    if bits & RESERVATION != 0 && !once {
        return None;
    }
    Some(Some(StandingPass {
        id: reader.name()?,
        created: reader.time()?,
        start: reader.time()?,
        end: reader.time()?,
        once,
        presented: bits & PRESENTED != 0,
        code: if bits & CODE != 0 { Some(read_code(reader)?) } else { None },
        reservation: if bits & RESERVATION != 0 { Some(read_reservation(reader)?) } else { None },
    }))
}

fn read_code(reader: &mut Reader<'_>) -> Option<IssuedCode> {
    Some(IssuedCode {
        key: reader.name()?,
        length: CodeLength::new(u32::from(reader.byte()?))?,
        guesses: Guesses { wrong: reader.byte()?, wait_until: reader.time()? },
    })
}

fn read_reservation(reader: &mut Reader<'_>) -> Option<Reservation> {
    Some(Reservation {
        holder: reader.array()?,
        since: reader.time()?,
        deadline: reader.time()?,
        retries_left: reader.byte()?,
        consumed: reader.flag()?,
    })
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

fn read_requests(reader: &mut Reader<'_>) -> Option<Vec<IssuingRequest>> {
    if reader.0.is_empty() {
        return Some(Vec::new());
    }
    let count = usize::from(reader.byte()?);
    if !(1..=MOST_REQUESTS).contains(&count) {
        return None;
    }
    (0..count)
        .map(|_| Some(IssuingRequest { tag: reader.array()?, caller: reader.array()?, pass: reader.name()? }))
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

    fn name<N: FromStr>(&mut self) -> Option<N> {
        let length = usize::from(self.byte()?);
        std::str::from_utf8(self.take(length)?).ok()?.parse().ok()
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
