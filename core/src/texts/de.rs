//! German. The pass is Microsoft's "Befristeter Zugriffspass".

use super::{Reason, Reasons, Texts};

pub(crate) const GERMAN: Texts = Texts {
    sign_in_to: "Bei {name} anmelden",
    lead: "Mit Ihrem befristeten Zugriffspass richten Sie eine Anmeldemethode ein.",
    user: "Benutzername",
    pass: "Befristeter Zugriffspass",
    pass_hint: "Leerzeichen, Bindestriche und Großschreibung spielen bei einem getippten Code keine Rolle.",
    submit: "Anmelden",
    whose: "Dieser Link enthält einen Pass für {user}.",
    ends: "Mit der Anmeldung endet die Sitzung von {user} in diesem Browser.",
    session: "In diesem Browser ist {user} angemeldet. Meldet sich jemand anderes an, endet diese Sitzung.",
    broken_link: "Von diesem Link fehlt ein Teil. Öffnen Sie ihn noch einmal genau so, wie Sie ihn bekommen haben, oder geben Sie Ihren Pass hier ein.",
    no_script: "Sie kommen über einen Link? Ohne JavaScript kann diese Seite den Pass darin nicht lesen. Kopieren Sie alles, was im Link auf „#pass=“ folgt, in das Feld.",
    need_help: "Brauchen Sie Hilfe?",
    ask: "Fragen Sie hier:",
    signed_out: "Sie sind abgemeldet",
    session_over: "Ihre Sitzung bei {name} ist beendet, in diesem Browser und überall, wohin sie kopiert wurde.",
    sign_in_again: "Wieder anmelden",
    reasons: Reasons {
        invalid_pass: Reason {
            title: "Pass ungültig",
            text: "Dieser befristete Zugriffspass ist nicht gültig. Warten Sie nach mehreren Versuchen einige Minuten.",
        },
        not_yet_valid: Reason {
            title: "Pass noch nicht gültig",
            text: "Ihr befristeter Zugriffspass gilt noch nicht. Versuchen Sie es wieder, sobald er begonnen hat.",
        },
        expired: Reason {
            title: "Pass abgelaufen",
            text: "Ihr befristeter Zugriffspass ist abgelaufen. Bitten Sie um einen neuen.",
        },
        already_used: Reason {
            title: "Pass bereits verwendet",
            text: "Ihr befristeter Zugriffspass gilt nur einmal und wurde schon verwendet. Wenn Sie das nicht waren, sagen Sie es sofort der Stelle, von der Sie ihn haben; sonst bitten Sie um einen neuen.",
        },
        replaced: Reason {
            title: "Pass ersetzt",
            text: "Ein neuerer befristeter Zugriffspass ist an die Stelle von diesem getreten. Verwenden Sie den neuesten, den Sie bekommen haben.",
        },
        revoked: Reason {
            title: "Pass zurückgenommen",
            text: "Ihr befristeter Zugriffspass wurde zurückgenommen. Bitten Sie um einen neuen.",
        },
        ledger_too_young: Reason {
            title: "Pass nicht mehr verwendbar",
            text: "Das Gateway wurde neu gestartet, nachdem Ihr einmaliger befristeter Zugriffspass gültig geworden war, und weiß nicht, ob er schon verwendet wurde. Bitten Sie um einen neuen.",
        },
        disabled: Reason {
            title: "Pässe abgeschaltet",
            text: "Befristete Zugriffspässe sind hier abgeschaltet. Fragen Sie die Stelle, von der Sie den Pass haben.",
        },
        out_of_scope: Reason {
            title: "Nicht für Sie freigegeben",
            text: "Befristete Zugriffspässe sind für Ihr Konto nicht freigegeben. Fragen Sie die Stelle, von der Sie den Pass haben.",
        },
        lifetime_out_of_policy: Reason {
            title: "Gültigkeitsdauer nicht erlaubt",
            text: "Ihr befristeter Zugriffspass gilt für eine Dauer, die hier nicht erlaubt ist. Bitten Sie um einen neuen.",
        },
        multi_use_forbidden: Reason {
            title: "Nur einmalige Pässe erlaubt",
            text: "Hier sind nur einmalige Pässe erlaubt, und Ihrer lässt sich mehrmals verwenden. Bitten Sie um einen neuen.",
        },
        ledger_unavailable: Reason {
            title: "Bitte gleich noch einmal versuchen",
            text: "Das Gateway kann Anmeldungen gerade weder nachschlagen noch festhalten und lässt deshalb niemanden ein. Versuchen Sie es gleich noch einmal.",
        },
        cross_site: Reason {
            title: "Anfrage einer anderen Website",
            text: "Diese Anfrage kam von der Seite einer anderen Website und wurde nicht ausgeführt. Öffnen Sie diese Website selbst und versuchen Sie es noch einmal.",
        },
        too_large: Reason {
            title: "Anfrage zu groß",
            text: "Die Anfrage ist größer, als eine Anmeldung sein kann. Tippen Sie Ihren Pass ein, oder öffnen Sie den Link noch einmal genau so, wie Sie ihn bekommen haben.",
        },
        registration_required: Reason {
            title: "Einrichtung nötig",
            text: "Bis Sie eine Anmeldemethode eingerichtet haben, erreichen Sie nur die Seite dafür.",
        },
        registration_deadline_passed: Reason {
            title: "Die Zeit ist um",
            text: "Ihre Zeit, eine Anmeldemethode einzurichten, ist um. Gilt Ihr befristeter Zugriffspass noch, melden Sie sich wieder damit an; sonst bitten Sie um einen neuen.",
        },
        session_expired: Reason {
            title: "Sitzung beendet",
            text: "Ihre Sitzung ist beendet. Melden Sie sich wieder an.",
        },
        internal: Reason {
            title: "Etwas ist schiefgegangen",
            text: "Das Gateway konnte diese Anfrage nicht bearbeiten. Versuchen Sie es noch einmal; geschieht es wieder, sagen Sie es denen, die diese Website betreiben.",
        },
    },
};
