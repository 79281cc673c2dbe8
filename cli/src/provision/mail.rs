//! One mail a manager, with the sheets of their joiners.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;
use zeroize::Zeroizing;

use super::Options;
use super::handover::Handed;
use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::pass::method::grouped;
use crate::pass::sheet::Place;
use crate::world::World;

/// What is said unless the operator has words of their own.
const USUAL: &str = include_str!("../../templates/handover.txt");

/// The variable that stands in for `--mail`.
const VARIABLE: &str = "TAPGATE_SMTP";

/// The largest template, in bytes.
const MOST_TEMPLATE: usize = 256 * 1024;

/// What the template is called in its errors.
const NAME: &str = "the mail's template";

/// Sends mails.
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    templates: Environment<'static>,
}

/// Why no mail can be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum MailError {
    #[error("there is no mail server: give `--mail URL`, or set the environment variable `TAPGATE_SMTP`")]
    NoServer,
    // The URL may hold a password, so it is not shown.
    #[error(
        "the mail server's URL is none; write it as in `smtps://USER:PASSWORD@mail.example.com`, or `smtp://127.0.0.1:1025` without TLS"
    )]
    Url,
    #[error("codes do not go over the network in clear: write `smtps://`, or add `?tls=required` to `smtp://`")]
    Clear,
    #[error("`--mail-from` takes an address, as in `IT <it@example.com>`")]
    From,
    #[error("cannot read `{}`", .path.display())]
    Template { path: PathBuf, source: io::Error },
    #[error("the mail's template has more than 256 KiB")]
    LongTemplate,
    #[error("the mail's template does not work")]
    Words(#[source] minijinja::Error),
    #[error("the mail's template begins with no `Subject: ...` and an empty line")]
    NoSubject,
    #[error("the mail cannot be put together")]
    Message(#[source] lettre::error::Error),
    #[error("the mail server does not take it")]
    Server(#[source] lettre::transport::smtp::Error),
}

impl Failure for MailError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoServer | Self::Url | Self::Clear | Self::From => Exit::Usage,
            Self::Template { .. } | Self::LongTemplate | Self::Words(_) | Self::NoSubject => Exit::Unreadable,
            Self::Message(_) | Self::Server(_) => Exit::Failed,
        }
    }
}

/// A joiner as the template has them.
#[derive(Serialize)]
struct Joiner<'a> {
    user: &'a str,
    name: &'a str,
    /// In groups of four.
    code: &'a str,
    start: String,
    end: String,
    once: bool,
}

impl Mailer {
    /// Reads server, sender and template; sends nothing. The template is tried on a joiner that is nobody.
    pub(super) fn of(options: &Options, world: &mut World<'_>) -> Result<Option<Self>, Error> {
        let Some(url) = &options.mail else { return Ok(None) };
        let url = match url.as_str() {
            "" => world.variable(VARIABLE)?.map(Zeroizing::new).ok_or(MailError::NoServer)?,
            url => Zeroizing::new(url.to_owned()),
        };
        if !is_private(&url) {
            return Err(MailError::Clear.into());
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map_err(|_| MailError::Url)?.build();
        let from = options.mail_from.as_deref().unwrap_or_default().parse().map_err(|_| MailError::From)?;
        let words = match &options.mail_template {
            Some(path) => {
                fs::read_to_string(path).map_err(|source| MailError::Template { path: path.clone(), source })?
            }
            None => USUAL.to_owned(),
        };
        if words.len() > MOST_TEMPLATE {
            return Err(MailError::LongTemplate.into());
        }
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.add_template_owned(NAME, words).map_err(MailError::Words)?;
        let mailer = Self { transport, from, templates };
        let nobody = Joiner {
            user: "nobody@example.com",
            name: "Nobody",
            code: "0000 0000",
            start: "-".to_owned(),
            end: "-".to_owned(),
            once: true,
        };
        let nowhere = crate::qr::Path { side: 0, data: String::new() };
        let place = Place::of_policy(None, "https://gate.example.com", &nowhere);
        mailer.words("manager@example.com", &place, &[nobody])?;
        Ok(Some(mailer))
    }

    /// Whether a mail can be addressed so.
    pub(super) fn knows(manager: &str) -> bool {
        manager.parse::<Address>().is_ok()
    }

    /// The joiners of each manager, in the order of their lines.
    pub(super) fn by_manager<'j>(&self, joiners: &[&'j Handed]) -> BTreeMap<String, Vec<&'j Handed>> {
        let mut managers: BTreeMap<String, Vec<&Handed>> = BTreeMap::new();
        for joiner in joiners {
            if let Some(manager) = &joiner.row.manager {
                managers.entry(manager.to_ascii_lowercase()).or_default().push(joiner);
            }
        }
        managers
    }

    /// Subject and text.
    fn words(&self, manager: &str, place: &Place<'_>, joiners: &[Joiner<'_>]) -> Result<(String, String), MailError> {
        let template = self.templates.get_template(NAME).map_err(MailError::Words)?;
        let context = context! {
            manager,
            joiners,
            organisation => place.organisation,
            contact => place.contact,
            sign_in => place.address,
            window => place.window,
        };
        let text = template.render(context).map_err(MailError::Words)?;
        let (subject, body) = text.split_once("\n\n").ok_or(MailError::NoSubject)?;
        let subject = subject.trim().strip_prefix("Subject:").ok_or(MailError::NoSubject)?;
        // A name must not begin another header.
        let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok((subject, body.to_owned()))
    }

    /// Sends a manager's mail, with a page of HTML for each joiner.
    pub(super) async fn send(
        &self,
        manager: &str,
        place: &Place<'_>,
        joiners: &[&Handed],
        pages: Vec<(String, Zeroizing<String>)>,
    ) -> Result<(), MailError> {
        let told = |joiner: &'_ &Handed| {
            let row = &joiner.row;
            let local = |moment| {
                let language = row.language.unwrap_or_default();
                row.hired.local(moment, language).unwrap_or_else(|| crate::pass::zone::in_words(moment, None))
            };
            (local(joiner.pass.start), local(joiner.pass.end))
        };
        let code = |joiner: &&Handed| {
            Zeroizing::new(joiner.pass.code.as_ref().map(|code| grouped(code).join(" ")).unwrap_or_default())
        };
        let codes: Vec<Zeroizing<String>> = joiners.iter().map(code).collect();
        let joiners: Vec<Joiner<'_>> = joiners
            .iter()
            .zip(&codes)
            .map(|(joiner, code)| {
                let (start, end) = told(joiner);
                let user = joiner.row.user.as_str();
                let name = joiner.row.display_name.as_deref().unwrap_or(user);
                Joiner { user, name, code, start, end, once: joiner.pass.once }
            })
            .collect();
        let (subject, text) = self.words(manager, place, &joiners)?;
        let to = Mailbox::new(None, manager.parse().map_err(|_| MailError::From)?);
        let html = ContentType::TEXT_HTML;
        let mut parts = MultiPart::mixed().singlepart(SinglePart::plain(text));
        for (name, page) in pages {
            parts = parts.singlepart(Attachment::new(name).body(page.to_string(), html.clone()));
        }
        let message = Message::builder().from(self.from.clone()).to(to).subject(subject).multipart(parts);
        let message = message.map_err(MailError::Message)?;
        self.transport.send(message).await.map(drop).map_err(MailError::Server)
    }
}

/// Whether nobody on the way can read what is sent there: by TLS, or because it stays on this machine.
fn is_private(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("smtp://") else { return true };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place = place.split('/').next().unwrap_or_default();
    let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
    let address = host.parse::<SocketAddr>().map(|address| address.ip()).or_else(|_| host.parse::<IpAddr>());
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let here = name == "localhost" || address.is_ok_and(|address| address.is_loopback());
    here || query.split('&').any(|one| one == "tls=required")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_in_clear_to_this_machine_only() {
        for url in [
            "smtps://user:pw@mail.example.com",
            "smtp://mail.example.com:587?tls=required",
            "smtp://localhost:1025",
            "smtp://127.0.0.1",
            "smtp://user:p@w@127.0.0.1:25/",
            "smtp://[::1]:1025",
        ] {
            assert!(is_private(url), "{url}");
        }
        for url in [
            "smtp://mail.example.com",
            "smtp://user:pw@mail.example.com:25",
            "smtp://mail.example.com?tls=opportunistic",
            "smtp://mail.example.com/?x=tls=required",
            "smtp://localhost@mail.example.com",
            "smtp://127.0.0.1.example.com",
            "smtp://192.0.2.1:25",
        ] {
            assert!(!is_private(url), "{url}");
        }
    }
}
