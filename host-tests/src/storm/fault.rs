//! What strikes, and in which order.

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A member that does not lead is killed, and comes back.
    MemberDies,
    /// The leader is killed, and comes back.
    LeaderDies,
    /// Two of three members are killed, and come back: meanwhile nothing can be agreed on.
    MostMembersDie,
    /// A gate is killed, and comes back at once on its port.
    GateDies,
    /// Answers of etcd's take longer, some of them longer than the gate waits.
    Slow,
    /// Answers of etcd's get lost, after it has done what it was asked.
    AnswersLost,
    /// Answers of etcd's stop in the middle.
    AnswersCut,
    /// etcd cannot be reached.
    CutOff,
}

impl Fault {
    /// Every one.
    pub(super) const ALL: [Self; 8] = [
        Self::MemberDies,
        Self::LeaderDies,
        Self::MostMembersDie,
        Self::GateDies,
        Self::Slow,
        Self::AnswersLost,
        Self::AnswersCut,
        Self::CutOff,
    ];

    /// What a report calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::MemberDies => "a member killed",
            Self::LeaderDies => "the leader killed",
            Self::MostMembersDie => "two of three members killed",
            Self::GateDies => "a gate killed",
            Self::Slow => "etcd slow",
            Self::AnswersLost => "etcd's answers lost",
            Self::AnswersCut => "etcd's answers cut in the middle",
            Self::CutOff => "etcd cut off",
        }
    }

    /// Whether it is a matter of the relays, of which there is one at a time.
    const fn is_weather(self) -> bool {
        matches!(self, Self::Slow | Self::AnswersLost | Self::AnswersCut | Self::CutOff)
    }
}

/// Deals what strikes in a spell: every fault once before any comes again, half of the time with a second one.
#[derive(Default)]
pub(super) struct Deck(Vec<Fault>);

impl Deck {
    pub(super) fn deal(&mut self, chance: &mut fastrand::Rng) -> Vec<Fault> {
        if self.0.is_empty() {
            self.0.extend(Fault::ALL);
            chance.shuffle(&mut self.0);
        }
        let first = self.0.pop().expect("a deck that was just filled");
        // What kills members does not strike twice at once, and there is one weather: a second is of the other kinds.
        let others = Fault::ALL.into_iter().filter(|other| match first {
            Fault::GateDies => *other != Fault::GateDies,
            _ if first.is_weather() => !other.is_weather() && *other != Fault::MostMembersDie,
            _ => other.is_weather() || *other == Fault::GateDies,
        });
        let others: Vec<_> = others.collect();
        let second = chance.bool().then(|| chance.choice(others)).flatten();
        [first].into_iter().chain(second).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_strikes_before_any_strikes_again() {
        let (mut deck, mut chance) = (Deck::default(), fastrand::Rng::with_seed(1));
        let spells: Vec<_> = (0..80).map(|_| deck.deal(&mut chance)).collect();
        for turn in spells.chunks(Fault::ALL.len()) {
            assert!(Fault::ALL.iter().all(|fault| turn.iter().any(|spell| spell[0] == *fault)));
        }
        assert!(spells.iter().any(|spell| spell.len() == 2) && spells.iter().any(|spell| spell.len() == 1));
        assert!(spells.iter().all(|spell| spell.iter().filter(|fault| fault.is_weather()).count() < 2));
    }

    #[test]
    fn a_seed_gives_one_schedule() {
        let schedule = |seed| {
            let (mut deck, mut chance) = (Deck::default(), fastrand::Rng::with_seed(seed));
            (0..40).map(|_| deck.deal(&mut chance)).collect::<Vec<_>>()
        };
        assert_eq!(schedule(7), schedule(7));
        assert_ne!(schedule(7), schedule(8));
    }
}
