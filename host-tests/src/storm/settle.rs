//! When all is well again: everybody who was told to come again does, and what came of each pass is held against what is
//! promised.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::race::{Doors, Outcome, Person, Race};
use super::report::Report;
use super::site::{GRACE, RECHECK, Site, WINDOW};
use crate::client::Call;
use crate::clock::HANG;
use crate::gate::SESSION;
use crate::pass::Pass;

/// How long before its end a session is not looked at any more.
const MARGIN: Duration = Duration::from_secs(15);

/// How long after a session's end in the ledger a gate may still let it in: the recheck, the grace, and a second, since the
/// plugin counts in whole ones.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(RECHECK + GRACE + 1);

/// The page that a session opens.
const PAGE: &str = "/register";

/// What goes on from spell to spell.
pub(super) struct Settling {
    doors: Doors,
    /// A session that began before the storm.
    witness: Option<Person>,
    stranded: Vec<Stranded>,
}

/// A pass that nobody holds, as far as anybody knows.
struct Stranded {
    number: usize,
    user: String,
    pass: Arc<String>,
    /// When it is over with it, whoever it was given to.
    over: Instant,
}

impl Settling {
    pub(super) fn new(site: &Site) -> Self {
        Self { doors: Doors::of(site), witness: None, stranded: Vec::new() }
    }

    /// Before a storm: somebody signs in, who should notice nothing of it.
    pub(super) async fn begin(&mut self, site: &Site, report: &mut Report) {
        let mut witness = self.person();
        let pass = Pass::new(&site.keys, &format!("witness-{}", fastrand::u64(..))).mint(&site.secrets);
        match until_final(&mut witness, &pass).await {
            Outcome::In => self.witness = Some(witness),
            other => report.broke(format!("somebody with a pass of theirs got {other:?} in fair weather")),
        }
    }

    fn person(&self) -> Person {
        Person::new(&self.doors, 0, fastrand::Rng::new())
    }

    /// After a storm.
    pub(super) async fn settle(
        &mut self,
        site: &Site,
        races: Vec<Race>,
        chance: &mut fastrand::Rng,
        report: &mut Report,
    ) {
        if let Some(mut witness) = self.witness.take() {
            match opens_at_both(&mut witness, &self.doors).await {
                Opens::Both => report.counts.sessions_kept += 1,
                Opens::TooLate => report.counts.too_late += 1,
                Opens::Not(why) => report.broke(format!("a session did not live through the storm: {why}")),
            }
        }
        let mut former = None;
        for mut race in races {
            self.decide(&mut race, chance, report).await;
            let Some(holder) = holder(&mut race, &self.doors, report).await else {
                self.strand(&race, report);
                continue;
            };
            let holder = &mut race.persons[holder];
            if former.is_none() {
                former = again(holder, &race.pass, race.number, report).await;
            } else if chance.bool() {
                registers(holder, self.person(), &race.pass, race.number, report).await;
            }
        }
        if let Some((old, number)) = former {
            over_at_both(old, number, &self.doors, report).await;
        }
        self.judge_stranded(site, Instant::now(), report).await;
    }

    /// Those who do not know where they stand come again until they do.
    async fn decide(&self, race: &mut Race, chance: &mut fastrand::Rng, report: &mut Report) {
        let mut undecided: Vec<usize> = (0..race.persons.len()).collect();
        undecided.retain(|person| !race.persons[*person].stands().is_some_and(Outcome::is_final));
        chance.shuffle(&mut undecided);
        for person in undecided {
            // Refused already, and nobody in: the pass had been given to somebody who does not know.
            let given = race.attempts().any(|attempt| attempt.outcome == Outcome::Refused);
            let nobody = !race.attempts().any(|attempt| attempt.outcome == Outcome::In);
            let outcome = until_final(&mut race.persons[person], &race.pass).await;
            if outcome == Outcome::In {
                report.counts.own_success += usize::from(given && nobody);
            }
        }
        report.counts.attempts += race.attempts().count();
        for person in &race.persons {
            let in_again = person.got_in() && person.attempts.len() > 1;
            report.counts.in_again += usize::from(in_again);
            match person.stands() {
                Some(Outcome::Refused) => report.counts.refused += 1,
                Some(Outcome::In) => {}
                other => report.broke(format!("pass {}: in fair weather somebody got {other:?}", race.number)),
            }
        }
    }

    /// Nobody holds a pass: that happens only to programs, which nobody knows again.
    fn strand(&mut self, race: &Race, report: &mut Report) {
        let lost =
            |person: &Person| !person.is_known && person.attempts.iter().any(|attempt| !attempt.outcome.is_final());
        if !race.persons.iter().any(lost) {
            report.broke(format!("pass {} is nobody's, though everybody could be known again", race.number));
        }
        report.counts.stranded += 1;
        let (number, user, pass) = (race.number, race.user.clone(), Arc::clone(&race.pass));
        self.stranded.push(Stranded { number, user, pass, over: Instant::now() + WINDOW });
    }

    /// The passes that nobody holds and whose window is over: used up, and their people helped with another.
    async fn judge_stranded(&mut self, site: &Site, now: Instant, report: &mut Report) {
        for stranded in std::mem::take(&mut self.stranded) {
            if now < stranded.over {
                self.stranded.push(stranded);
                continue;
            }
            let Stranded { number, user, pass, .. } = stranded;
            let late = until_final(&mut self.person(), &pass).await;
            let another = Pass::new(&site.keys, &user).once().mint(&site.secrets);
            let helped = until_final(&mut self.person(), &another).await;
            if (&late, &helped) == (&Outcome::Refused, &Outcome::In) {
                report.counts.ended += 1;
            } else {
                report
                    .broke(format!("pass {number}, stranded, after its window: {late:?}; with a new pass: {helped:?}"));
            }
        }
    }

    /// At the end of a run: waits for the windows that are still open.
    pub(super) async fn finish(&mut self, site: &Site, report: &mut Report) {
        if let Some(last) = self.stranded.iter().map(|stranded| stranded.over).max() {
            tokio::time::sleep_until(last.into()).await;
        }
        self.judge_stranded(site, Instant::now(), report).await;
    }
}

/// Signs in until the person knows where it stands.
async fn until_final(person: &mut Person, pass: &str) -> Outcome {
    let began = Instant::now();
    loop {
        let outcome = person.sign_in_anywhere(pass).await;
        if outcome.is_final() || began.elapsed() > HANG {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The status of the registration page at a gate, once the gate can say.
async fn page(person: &mut Person, gate: usize) -> Option<u16> {
    let began = Instant::now();
    loop {
        let status = person.send(gate, Call::navigate(PAGE)).await.map(|answer| answer.status);
        if !matches!(status, None | Some(503)) || began.elapsed() > HANG {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

enum Opens {
    Both,
    Not(String),
    TooLate,
}

/// Whether a person's cookie opens the page at every gate.
async fn opens_at_both(person: &mut Person, doors: &Doors) -> Opens {
    let since = person.attempts.iter().filter(|attempt| attempt.outcome == Outcome::In).map(|attempt| attempt.began);
    let since = since.max();
    // An answer that says that it is over takes the cookie away.
    let jar = person.jar.clone();
    let mut found = Vec::new();
    for gate in doors.each() {
        person.jar = jar.clone();
        found.push(page(person, gate).await);
    }
    person.jar = jar;
    if found.iter().all(|status| *status == Some(200)) {
        Opens::Both
    } else if since.is_none_or(|since| since.elapsed() > WINDOW - MARGIN) {
        Opens::TooLate
    } else {
        Opens::Not(format!("{PAGE} at each gate: {found:?}"))
    }
}

/// The one that holds a pass, by the cookies that the browsers have.
async fn holder(race: &mut Race, doors: &Doors, report: &mut Report) -> Option<usize> {
    let number = race.number;
    let told: Vec<usize> = (0..race.persons.len()).filter(|person| race.persons[*person].got_in()).collect();
    if told.len() > 1 {
        report.broke(format!("pass {number} has let {} browsers in", told.len()));
    }
    let (mut holders, mut homeless) = (Vec::new(), Vec::new());
    for place in 0..race.persons.len() {
        let person = &mut race.persons[place];
        if person.jar.get(SESSION).is_none() {
            continue;
        }
        match opens_at_both(person, doors).await {
            Opens::Both => holders.push(place),
            Opens::TooLate => report.counts.too_late += 1,
            Opens::Not(why) => homeless.push(why),
        }
    }
    if let Some(why) = homeless.first() {
        report.broke(format!("pass {number}: {} with a session of it are not at home: {why}", homeless.len()));
    }
    match &*holders {
        [] => {}
        [one] if told.contains(one) => report.counts.holders += 1,
        [_] => report.broke(format!("pass {number}: a browser that was never let in has a session")),
        more => report.broke(format!("pass {number} has {} holders at once", more.len())),
    }
    told.first().copied()
}

/// The holder signs in once more; gives the person with its former session.
async fn again(holder: &mut Person, pass: &str, number: usize, report: &mut Report) -> Option<(Person, usize)> {
    let former = holder.jar.clone();
    match until_final(holder, pass).await {
        Outcome::In => {
            let old = holder.with(former);
            Some((old, number))
        }
        other => {
            report.broke(format!("pass {number}: its holder came again and got {other:?}"));
            None
        }
    }
}

/// A session that its holder has left is over at both gates, once they have looked.
async fn over_at_both(mut old: Person, number: usize, doors: &Doors, report: &mut Report) {
    let (since, jar) = (Instant::now(), old.jar.clone());
    loop {
        let mut opens = false;
        for gate in doors.each() {
            old.jar = jar.clone();
            opens |= page(&mut old, gate).await == Some(200);
        }
        if !opens {
            report.counts.signed_in_again += 1;
            return;
        }
        if since.elapsed() > FORGOTTEN_AFTER {
            return report.broke(format!("pass {number}: a session that its holder has left still opens the page"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The holder registers: the pass is used up, for the holder too.
async fn registers(holder: &mut Person, mut other: Person, pass: &str, number: usize, report: &mut Report) {
    // The application's answer says so by itself, whichever gate it goes through.
    let finished = holder.send(number, Call::fetch("POST", "/register/finish")).await.map(|answer| answer.status);
    let status = page(holder, number).await;
    let (again, others) = (until_final(holder, pass).await, until_final(&mut other, pass).await);
    if (finished, status, &again, &others) == (Some(200), Some(200), &Outcome::Refused, &Outcome::Refused) {
        report.counts.registered += 1;
    } else {
        report.broke(format!(
            "pass {number}: registering got {finished:?}, its page {status:?}, signing in again {again:?}, somebody else {others:?}"
        ));
    }
}
