//! An etcd cluster: a question is put to its members in turn until one gives an answer that makes sense. A token is asked for
//! first where etcd wants to know who asks, and again, once, where a member does not take it.

use tapgate_core::ledger::Loaded;
use tapgate_core::ledger::etcd::{
    Answer, Call, Credentials, Found, Grant, Lease, Load, Look, MOST_BYTES, MOST_PAGE_BYTES, NoToken, Range, Swap,
    SwapAnswer, Token, Unread, Watch,
};

use super::connection::{Lines, Member, Trouble};
use super::error::{LedgerError, Troubles};

/// A question and how its answer is read.
pub(super) trait Question {
    /// What it is answered with.
    type Told;

    /// The longest answer, in bytes.
    const MOST: usize = MOST_BYTES;

    /// The call.
    fn call(&self) -> Call;

    /// Reads the answer.
    fn read(&self, answer: Answer<'_>) -> Result<Self::Told, Unread>;
}

impl Question for Range {
    type Told = Found;
    const MOST: usize = MOST_PAGE_BYTES;

    fn call(&self) -> Call {
        Self::call(self)
    }

    fn read(&self, answer: Answer<'_>) -> Result<Found, Unread> {
        Self::read(self, answer)
    }
}

impl Question for Look {
    type Told = Option<Loaded>;

    fn call(&self) -> Call {
        Self::call(self)
    }

    fn read(&self, answer: Answer<'_>) -> Result<Option<Loaded>, Unread> {
        Ok(Self::read(self, answer)?)
    }
}

impl Question for Load {
    type Told = Loaded;

    fn call(&self) -> Call {
        Self::call(self)
    }

    fn read(&self, answer: Answer<'_>) -> Result<Loaded, Unread> {
        Ok(Self::read(self, answer)?)
    }
}

impl Question for Grant {
    type Told = Lease;

    fn call(&self) -> Call {
        Self::call(self)
    }

    fn read(&self, answer: Answer<'_>) -> Result<Lease, Unread> {
        Ok(Self::read(self, answer)?)
    }
}

/// The members, and which of them is asked.
pub(super) struct Cluster {
    pub(super) members: Vec<Member>,
    pub(super) credentials: Option<Credentials>,
    token: Option<Token>,
    at: usize,
}

/// Why a member did not tell.
pub(super) enum Why {
    /// Another may.
    Trouble(Trouble),
    /// None will.
    Fatal(LedgerError),
}

impl From<Trouble> for Why {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl Cluster {
    /// `members` is not empty.
    pub(super) fn new(members: Vec<Member>, credentials: Option<Credentials>) -> Self {
        Self { members, credentials, token: None, at: 0 }
    }

    /// The address of the member that is asked.
    pub(super) fn here(&self) -> String {
        self.members.get(self.at).map(|member| member.address.to_string()).unwrap_or_default()
    }

    /// The next member is asked from now on.
    pub(super) fn move_on(&mut self) {
        self.at = self.at.saturating_add(1).checked_rem(self.members.len()).unwrap_or(0);
    }

    /// Asks until a member tells.
    pub(super) async fn ask<Q: Question>(&mut self, question: &Q) -> Result<Q::Told, LedgerError> {
        let mut troubles = Troubles::default();
        for _ in 0..self.members.len() {
            match self.ask_here(question).await {
                Ok(told) => return Ok(told),
                Err(Why::Fatal(error)) => return Err(error),
                Err(Why::Trouble(trouble)) => {
                    troubles.add(self.here(), &trouble);
                    self.move_on();
                }
            }
        }
        Err(LedgerError::NoAnswer(troubles))
    }

    /// Asks each member, and says what each told.
    pub(super) async fn ask_each<Q: Question>(
        &mut self,
        question: &Q,
    ) -> Result<Vec<(String, Result<Q::Told, Trouble>)>, LedgerError> {
        let mut each = Vec::new();
        for at in 0..self.members.len() {
            self.at = at;
            let told = match self.ask_here(question).await {
                Ok(told) => Ok(told),
                Err(Why::Trouble(trouble)) => Err(trouble),
                Err(Why::Fatal(error)) => return Err(error),
            };
            each.push((self.here(), told));
        }
        Ok(each)
    }

    /// Asks the member whose turn it is.
    pub(super) async fn ask_here<Q: Question>(&mut self, question: &Q) -> Result<Q::Told, Why> {
        let mut renewed = false;
        loop {
            let (status, body) = self.post(question.call(), Q::MOST).await?;
            let answer = Answer { status, body: &body };
            match question.read(answer) {
                Ok(told) => return Ok(told),
                Err(Unread::Unauthenticated) => self.renew(&mut renewed)?,
                Err(Unread::Refused) if status == 403 => return Err(Why::Fatal(self.denied())),
                Err(Unread::Refused) => return Err(Trouble::of(answer).into()),
                Err(Unread::Senseless(part)) => return Err(Trouble::Senseless(part).into()),
            }
        }
    }

    /// Has a record swapped, by one call. What nobody knows of is [`SwapAnswer::Unknown`], and the next member is asked.
    pub(super) async fn swap(&mut self, swap: &Swap) -> Result<SwapAnswer, LedgerError> {
        let mut renewed = false;
        loop {
            let (status, body) = match self.post(swap.call(), MOST_BYTES).await {
                Ok(answer) => answer,
                Err(Why::Fatal(error)) => return Err(error),
                Err(Why::Trouble(_)) => {
                    self.move_on();
                    return Ok(SwapAnswer::Unknown);
                }
            };
            let answer = Answer { status, body: &body };
            match swap.read(answer) {
                SwapAnswer::Unauthenticated => match self.renew(&mut renewed) {
                    Ok(()) => {}
                    Err(Why::Fatal(error)) => return Err(error),
                    Err(Why::Trouble(_)) => return Ok(SwapAnswer::Unknown),
                },
                SwapAnswer::Refused if status == 403 => return Err(self.denied()),
                SwapAnswer::Refused => {
                    let mut troubles = Troubles::default();
                    troubles.add(self.here(), &Trouble::of(answer));
                    return Err(LedgerError::NoAnswer(troubles));
                }
                told => return Ok(told),
            }
        }
    }

    /// Begins a watch at the member whose turn it is.
    pub(super) async fn watch(&mut self, watch: &Watch) -> Result<Lines, Why> {
        self.authenticate().await?;
        let member = self.members.get(self.at).ok_or(Why::Fatal(LedgerError::NoMember))?;
        Ok(member.stream(watch.call(), self.token.as_ref()).await?)
    }

    /// Throws the token away that a member does not take, once.
    pub(super) fn renew(&mut self, renewed: &mut bool) -> Result<(), Why> {
        if self.credentials.is_none() {
            return Err(Why::Fatal(LedgerError::NoUser { member: self.here() }));
        }
        if std::mem::replace(renewed, true) {
            return Err(Why::Fatal(LedgerError::TokenRefused { member: self.here() }));
        }
        self.token = None;
        Ok(())
    }

    /// Why etcd does not allow it: to somebody whom it knows, or because it does not know who asks.
    pub(super) fn denied(&self) -> LedgerError {
        let member = self.here();
        if self.credentials.is_some() { LedgerError::Denied { member } } else { LedgerError::NoUser { member } }
    }

    async fn post(&mut self, call: Call, most: usize) -> Result<(u16, Vec<u8>), Why> {
        self.authenticate().await?;
        let member = self.members.get(self.at).ok_or(Why::Fatal(LedgerError::NoMember))?;
        Ok(member.post(call, self.token.as_ref(), most).await?)
    }

    /// Sees to it that there is a token where one is needed.
    async fn authenticate(&mut self) -> Result<(), Why> {
        let (Some(credentials), None) = (&self.credentials, &self.token) else { return Ok(()) };
        let member = self.members.get(self.at).ok_or(Why::Fatal(LedgerError::NoMember))?;
        let (status, body) = member.post(credentials.call(), None, MOST_BYTES).await?;
        let answer = Answer { status, body: &body };
        match credentials.read(answer) {
            Ok(token) => {
                self.token = Some(token);
                Ok(())
            }
            Err(NoToken::Refused) => Err(Why::Fatal(LedgerError::CredentialsRefused { member: self.here() })),
            Err(NoToken::Unavailable) if status == 200 => Err(Trouble::Senseless("`token`").into()),
            Err(NoToken::Unavailable) => Err(Trouble::of(answer).into()),
        }
    }
}
