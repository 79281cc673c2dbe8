//! A race: browsers that want the same pass, over both gates, and each attempt of theirs with what came of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::BROWSERS;
use super::site::Site;
use crate::client::{Browser, Call, Jar, Protocol, Response};
use crate::gate::AUTHORITY;
use crate::pass::Pass;
use crate::secrets::Secrets;

/// One browser in so many is a program: it does not open the page first, so it has no cookie to be known by when an answer to
/// it gets lost.
const ONE_PROGRAM_IN: usize = BROWSERS;

/// Whom the first races of a run are for, each with a successful answer that gets lost behind the gate for certain: programs,
/// none of which will be known again, and people, one of whom will.
const OF_PROGRAMS: usize = 0;
const OF_PEOPLE: usize = 1;

/// How often a browser tries during the storm, and how long it waits between, in milliseconds.
const TRIES: usize = 3;
const PAUSE: std::ops::Range<u64> = 50..300;

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A session.
    In,
    /// No: somebody else has it, or it is used up.
    Refused,
    /// "Come again", with when.
    ComeAgain,
    /// Nothing came back.
    NoAnswer,
    /// Something that no attempt should end in.
    Odd(String),
}

impl Outcome {
    /// Whether the browser knows where it stands.
    pub(super) const fn is_final(&self) -> bool {
        !matches!(self, Self::ComeAgain | Self::NoAnswer)
    }
}

/// One attempt, from before it was sent to after its answer.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) began: Instant,
    pub(super) ended: Instant,
    pub(super) outcome: Outcome,
}

/// Where people go.
#[derive(Clone)]
pub(super) struct Doors {
    addresses: Vec<SocketAddr>,
    secrets: Secrets,
}

impl Doors {
    pub(super) fn of(site: &Site) -> Self {
        Self { addresses: site.addresses(), secrets: site.secrets.clone() }
    }

    /// Every gate.
    pub(super) fn each(&self) -> std::ops::Range<usize> {
        0..self.addresses.len()
    }
}

/// A browser and its story.
pub(super) struct Person {
    number: usize,
    pub(super) jar: Jar,
    /// Whether it had a holder's cookie before it first signed in.
    pub(super) is_known: bool,
    pub(super) attempts: Vec<Attempt>,
    chance: fastrand::Rng,
    doors: Doors,
}

impl Person {
    /// The person of this number, who has not been here yet.
    pub(super) fn new(doors: &Doors, number: usize, chance: fastrand::Rng) -> Self {
        Self { number, jar: Jar::default(), is_known: false, attempts: Vec::new(), chance, doors: doors.clone() }
    }

    /// Somebody else with these cookies.
    pub(super) fn with(&mut self, jar: Jar) -> Self {
        Self { jar, ..Self::new(&self.doors, self.number, self.chance.fork()) }
    }

    /// Sends a call to a gate, with this person's cookies.
    pub(super) async fn send(&mut self, gate: usize, call: Call) -> Option<Response> {
        let protocol = Protocol::BOTH[self.number / 2 % 2];
        let address = self.doors.addresses[gate % self.doors.addresses.len()];
        let mut browser = Browser::new(address, protocol, AUTHORITY, &self.doors.secrets);
        browser.jar = std::mem::take(&mut self.jar);
        let answer = browser.try_send(call).await.ok();
        self.jar = browser.jar;
        answer
    }

    /// Opens the page where passes are presented.
    pub(super) async fn open_page(&mut self) {
        for gate in [self.number, self.number + 1] {
            self.is_known |=
                self.send(gate, Call::navigate("/.tap/sign-in")).await.is_some_and(|page| page.status == 200);
            if self.is_known {
                return;
            }
        }
    }

    /// Presents a pass at a gate.
    pub(super) async fn sign_in(&mut self, gate: usize, pass: &str) -> Outcome {
        let began = Instant::now();
        let answer = self.send(gate, Call::submit("/.tap/sign-in", &[("username", ""), ("pass", pass)])).await;
        let outcome = match answer {
            None => Outcome::NoAnswer,
            Some(answer) => match answer.status {
                303 => Outcome::In,
                401 => Outcome::Refused,
                503 if answer.header("retry-after").is_some() => Outcome::ComeAgain,
                _ => Outcome::Odd(format!("{answer:?}")),
            },
        };
        self.attempts.push(Attempt { began, ended: Instant::now(), outcome: outcome.clone() });
        outcome
    }

    /// Presents a pass at either gate.
    pub(super) async fn sign_in_anywhere(&mut self, pass: &str) -> Outcome {
        let gate = self.chance.usize(self.doors.each());
        self.sign_in(gate, pass).await
    }

    /// Whether it has ever been told that it is in.
    pub(super) fn got_in(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.outcome == Outcome::In)
    }

    /// What came of its latest attempt.
    pub(super) fn stands(&self) -> Option<&Outcome> {
        self.attempts.last().map(|attempt| &attempt.outcome)
    }

    /// Takes part in a race.
    async fn race(mut self, race: usize, pass: Arc<String>, start: Arc<Barrier>) -> Self {
        let first = self.number;
        if race != OF_PROGRAMS && (race == OF_PEOPLE || !first.is_multiple_of(ONE_PROGRAM_IN)) {
            self.open_page().await;
        }
        start.wait().await;
        let before = self.jar.clone();
        let mut outcome = self.sign_in(first, &pass).await;
        if outcome == Outcome::In && (race == OF_PROGRAMS || race == OF_PEOPLE) {
            (self.jar, outcome) = (before, Outcome::NoAnswer);
            self.attempts.iter_mut().for_each(|attempt| attempt.outcome = Outcome::NoAnswer);
        }
        while !outcome.is_final() && self.attempts.len() < TRIES {
            tokio::time::sleep(Duration::from_millis(self.chance.u64(PAUSE))).await;
            outcome = self.sign_in_anywhere(&pass).await;
        }
        self
    }
}

/// A race that goes on.
pub(super) struct Running {
    number: usize,
    user: String,
    pass: Arc<String>,
    racing: JoinSet<Person>,
}

impl Running {
    /// Waits until everybody has given up or knows.
    pub(super) async fn over(self) -> Race {
        let mut persons = self.racing.join_all().await;
        persons.sort_unstable_by_key(|person| person.number);
        Race { number: self.number, user: self.user, pass: self.pass, persons }
    }
}

/// A race that is over.
pub(super) struct Race {
    pub(super) number: usize,
    pub(super) user: String,
    pub(super) pass: Arc<String>,
    pub(super) persons: Vec<Person>,
}

impl Race {
    /// Starts a race for a new pass.
    pub(super) fn start(site: &Site, number: usize, chance: &mut fastrand::Rng) -> Running {
        let (user, doors) = (format!("user-{number}"), Doors::of(site));
        let pass = Arc::new(Pass::new(&site.keys, &user).once().mint(&site.secrets));
        let (mut racing, start) = (JoinSet::new(), Arc::new(Barrier::new(BROWSERS)));
        for browser in 0..BROWSERS {
            // Which of them is the program, and so who is where, changes from race to race.
            let person = Person::new(&doors, browser + number, chance.fork());
            racing.spawn(person.race(number, Arc::clone(&pass), Arc::clone(&start)));
        }
        Running { number, user, pass, racing }
    }

    /// Every attempt so far.
    pub(super) fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.persons.iter().flat_map(|person| &person.attempts)
    }

    /// The attempts that began and ended while etcd could do nothing.
    pub(super) fn within<'a>(&'a self, away: &'a [(Instant, Instant)]) -> impl Iterator<Item = &'a Attempt> {
        let within = |attempt: &&Attempt| away.iter().any(|(from, to)| *from <= attempt.began && attempt.ended <= *to);
        self.attempts().filter(within)
    }
}
