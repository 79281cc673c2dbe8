//! German, in the polite form.

use super::Texts;
use crate::refusal::Refusal;

pub(super) const TEXTS: Texts = Texts {
    tag: "de",
    sign_in_to: "Anmelden bei {}",
    intro: "Mit Ihrem befristeten Zugriffspass richten Sie eine Anmeldemethode ein.",
    user: "Benutzername",
    pass: "Befristeter Zugriffspass",
    typing: "Groß- oder Kleinbuchstaben, mit oder ohne Leerzeichen.",
    sign_in: "Anmelden",
    carries: "Dieser Link enthält einen Pass für {}.",
    ends: "Die Anmeldung beendet in diesem Browser die Sitzung von {}.",
    ask: "Brauchen Sie Hilfe?",
    signed_out: "Sie sind abgemeldet",
    session_over: "Ihre Sitzung bei {} ist beendet, in diesem Browser und überall, wohin sie kopiert wurde.",
    sign_in_again: "Wieder anmelden",
    refused,
};

fn refused(refusal: Refusal) -> [&'static str; 2] {
    match refusal {
        Refusal::Malformed
        | Refusal::UnknownKey
        | Refusal::BadSignature
        | Refusal::WrongAudience
        | Refusal::WrongUser
        | Refusal::UnknownCode
        | Refusal::LockedOut => [
            "Pass ungültig",
            "Dieser befristete Zugriffspass ist nicht gültig. Warten Sie nach mehreren Versuchen einige Minuten.",
        ],
        Refusal::NotYetValid => [
            "Pass noch nicht gültig",
            "Ihr befristeter Zugriffspass gilt noch nicht. Versuchen Sie es wieder, wenn er begonnen hat.",
        ],
        Refusal::Expired => {
            ["Pass abgelaufen", "Ihr befristeter Zugriffspass ist abgelaufen. Bitten Sie um einen neuen."]
        }
        Refusal::AlreadyUsed => [
            "Pass schon benutzt",
            "Ihr befristeter Zugriffspass gilt nur einmal und ist schon benutzt worden. Waren das nicht Sie, dann melden Sie es sofort dort, wo Sie ihn bekommen haben; sonst bitten Sie um einen neuen.",
        ],
        Refusal::Replaced => [
            "Pass ersetzt",
            "Ein neuerer befristeter Zugriffspass ist an die Stelle von diesem getreten. Benutzen Sie den neuesten, den Sie bekommen haben.",
        ],
        Refusal::Revoked => [
            "Pass zurückgenommen",
            "Ihr befristeter Zugriffspass ist zurückgenommen worden. Bitten Sie um einen neuen.",
        ],
        Refusal::LedgerTooYoung => [
            "Pass nicht mehr verwendbar",
            "Seit Ihr Einmal-Pass gilt, wurde das Gateway neu gestartet und kann nicht sagen, ob er schon benutzt ist. Bitten Sie um einen neuen.",
        ],
        Refusal::Disabled => [
            "Pässe abgeschaltet",
            "Befristete Zugriffspässe sind hier abgeschaltet. Fragen Sie dort, wo Sie den Pass bekommen haben.",
        ],
        Refusal::OutOfScope => [
            "Nicht für Sie freigegeben",
            "Für Ihr Konto sind befristete Zugriffspässe nicht freigegeben. Fragen Sie dort, wo Sie den Pass bekommen haben.",
        ],
        Refusal::LifetimeOutOfPolicy => [
            "Pass nicht erlaubt",
            "Ihr befristeter Zugriffspass gilt für eine Zeit, die hier nicht erlaubt ist. Bitten Sie um einen neuen.",
        ],
        Refusal::MultiUseForbidden => [
            "Pass nicht erlaubt",
            "Hier sind nur Einmal-Pässe erlaubt, und Ihrer gilt mehrmals. Bitten Sie um einen neuen.",
        ],
        Refusal::LedgerUnavailable => [
            "Gleich noch einmal versuchen",
            "Das Gateway kann Anmeldungen gerade nicht nachsehen oder festhalten und lässt deshalb niemanden ein. Versuchen Sie es gleich noch einmal.",
        ],
        Refusal::CrossSite => [
            "Anfrage von einer anderen Website",
            "Diese Anfrage kam von der Seite einer anderen Website und wurde nicht ausgeführt. Öffnen Sie diese Website selbst und versuchen Sie es noch einmal.",
        ],
        Refusal::TooLarge => ["Anfrage zu groß", "Die Anfrage ist größer, als eine Anmeldung sein kann."],
        Refusal::RegistrationRequired => [
            "Einrichtung nötig",
            "Bis Sie eine Anmeldemethode eingerichtet haben, erreichen Sie nur die Seite zum Einrichten.",
        ],
        Refusal::RegistrationDeadlinePassed => [
            "Die Zeit ist um",
            "Ihre Zeit zum Einrichten einer Anmeldemethode ist um. Gilt Ihr befristeter Zugriffspass noch, dann melden Sie sich wieder damit an; sonst bitten Sie um einen neuen.",
        ],
        Refusal::SessionExpired => ["Sitzung beendet", "Ihre Sitzung ist beendet. Melden Sie sich wieder an."],
        Refusal::Internal => [
            "Etwas ist schiefgegangen",
            "Das Gateway konnte diese Anfrage nicht bearbeiten. Versuchen Sie es noch einmal; geschieht es wieder, dann sagen Sie es den Betreibern dieser Website.",
        ],
    }
}
