//! What a hand-over sheet says, in the languages of the plugin's pages. The struct is exhaustive: a language without some text does not
//! compile.

use std::str::FromStr;

/// A language that sheets are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    English,
    German,
    French,
    Spanish,
    Japanese,
}

/// Why a text is no language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of `en`, `de`, `fr`, `es`, `ja`")]
pub(crate) struct LanguageError;

impl FromStr for Language {
    type Err = LanguageError;

    /// A tag; what follows the language in it (`de-CH`) is looked past.
    fn from_str(text: &str) -> Result<Self, LanguageError> {
        let language = text.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|one| one.words().tag == language);
        found.ok_or(LanguageError)
    }
}

/// A text around something that stands out: before it, and behind it.
pub(crate) type Around = (&'static str, &'static str);

/// All that a sheet says in one language.
pub(crate) struct Words {
    pub(crate) tag: &'static str,
    pub(crate) title: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) whose: &'static str,
    pub(crate) from: &'static str,
    pub(crate) now: &'static str,
    pub(crate) until: &'static str,
    pub(crate) used: &'static str,
    pub(crate) once: &'static str,
    pub(crate) several: &'static str,
    pub(crate) code: &'static str,
    pub(crate) code_hint: &'static str,
    /// Around the address.
    pub(crate) open: Around,
    /// Around the name.
    pub(crate) name: Around,
    /// Around the end.
    pub(crate) register: Around,
    /// Likewise, with `{window}` in it: so many minutes.
    pub(crate) register_within: Around,
    pub(crate) square: &'static str,
    pub(crate) caption: &'static str,
    pub(crate) warning: &'static str,
    /// Around whom to ask.
    pub(crate) ask: Around,
    pub(crate) ask_giver: &'static str,
}

impl Language {
    pub(crate) const ALL: [Self; 5] = [Self::English, Self::German, Self::French, Self::Spanish, Self::Japanese];

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
            Self::French => &FRENCH,
            Self::Spanish => &SPANISH,
            Self::Japanese => &JAPANESE,
        }
    }
}

const ENGLISH: Words = Words {
    tag: "en",
    title: "Temporary Access Pass",
    heading: "Your Temporary Access Pass",
    whose: "For",
    from: "Works from",
    now: ", that is: now",
    until: "Works until",
    used: "May be used",
    once: "once, in one browser",
    several: "several times until then",
    code: "Your code",
    code_hint: "Capitals or not, with or without spaces. There is no letter O, I, L or U in it: 0 is the number zero, 1 the number one.",
    open: ("Open ", " in your browser, or point your phone's camera at the square."),
    name: ("Type your name, ", ", and the code above."),
    register: ("Register a passkey or a security key before ", ". From then on you sign in with that."),
    register_within: (
        "Register a passkey or a security key within {window} minutes of signing in, and before ",
        ". From then on you sign in with that.",
    ),
    square: "The sign-in page's address as a QR code",
    caption: "the sign-in page",
    warning: "Whoever has this sheet can sign in as you. Tell the code to nobody, whoever asks for it, and shred the sheet when you are done.",
    ask: ("Questions, or the code does not work? Ask ", "."),
    ask_giver: "Questions, or the code does not work? Ask whoever gave you this sheet.",
};

const GERMAN: Words = Words {
    tag: "de",
    title: "Befristeter Zugriffspass",
    heading: "Ihr befristeter Zugriffspass",
    whose: "Für",
    from: "Gültig ab",
    now: ", also schon jetzt",
    until: "Gültig bis",
    used: "Verwendbar",
    once: "einmal, in einem Browser",
    several: "bis dahin mehrmals",
    code: "Ihr Code",
    code_hint: "Groß oder klein, mit oder ohne Leerzeichen. Die Buchstaben O, I, L und U kommen nicht vor: 0 ist die Ziffer Null, 1 die Ziffer Eins.",
    open: ("Öffnen Sie ", " im Browser, oder richten Sie die Kamera Ihres Telefons auf das Quadrat."),
    name: ("Geben Sie Ihren Namen ein, ", ", und den Code von oben."),
    register: (
        "Registrieren Sie einen Passkey oder einen Sicherheitsschlüssel vor ",
        ". Von da an melden Sie sich damit an.",
    ),
    register_within: (
        "Registrieren Sie innerhalb von {window} Minuten nach der Anmeldung einen Passkey oder einen Sicherheitsschlüssel, spätestens vor ",
        ". Von da an melden Sie sich damit an.",
    ),
    square: "Die Adresse der Anmeldeseite als QR-Code",
    caption: "die Anmeldeseite",
    warning: "Wer dieses Blatt hat, kann sich als Sie anmelden. Sagen Sie den Code niemandem, wer auch fragt, und vernichten Sie das Blatt danach.",
    ask: ("Fragen, oder geht der Code nicht? Wenden Sie sich an ", "."),
    ask_giver: "Fragen, oder geht der Code nicht? Wenden Sie sich an die Person, von der Sie dieses Blatt haben.",
};

const FRENCH: Words = Words {
    tag: "fr",
    title: "Passe d’accès temporaire",
    heading: "Votre passe d’accès temporaire",
    whose: "Pour",
    from: "Valable à partir du",
    now: ", donc dès maintenant",
    until: "Valable jusqu’au",
    used: "Utilisable",
    once: "une fois, dans un seul navigateur",
    several: "plusieurs fois d’ici là",
    code: "Votre code",
    code_hint: "Majuscules ou minuscules, avec ou sans espaces. Il ne contient ni O, ni I, ni L, ni U : 0 est le chiffre zéro, 1 le chiffre un.",
    open: ("Ouvrez ", " dans votre navigateur, ou visez le carré avec l’appareil photo de votre téléphone."),
    name: ("Saisissez votre nom, ", ", et le code ci-dessus."),
    register: (
        "Enregistrez une clé d’accès ou une clé de sécurité avant le ",
        ". Ensuite, c’est avec elle que vous vous connecterez.",
    ),
    register_within: (
        "Enregistrez une clé d’accès ou une clé de sécurité dans les {window} minutes qui suivent la connexion, et avant le ",
        ". Ensuite, c’est avec elle que vous vous connecterez.",
    ),
    square: "L’adresse de la page de connexion sous forme de code QR",
    caption: "la page de connexion",
    warning: "Quiconque détient cette feuille peut se connecter à votre place. Ne donnez le code à personne, qui que ce soit, et détruisez la feuille ensuite.",
    ask: ("Une question, ou le code ne marche pas ? Adressez-vous à ", "."),
    ask_giver: "Une question, ou le code ne marche pas ? Adressez-vous à la personne qui vous a remis cette feuille.",
};

const SPANISH: Words = Words {
    tag: "es",
    title: "Pase de acceso temporal",
    heading: "Su pase de acceso temporal",
    whose: "Para",
    from: "Válido desde",
    now: ", es decir, ya",
    until: "Válido hasta",
    used: "Se puede usar",
    once: "una vez, en un solo navegador",
    several: "varias veces hasta entonces",
    code: "Su código",
    code_hint: "En mayúsculas o minúsculas, con o sin espacios. No contiene las letras O, I, L ni U: 0 es el número cero y 1 el número uno.",
    open: ("Abra ", " en su navegador, o apunte al cuadrado con la cámara del teléfono."),
    name: ("Escriba su nombre, ", ", y el código de arriba."),
    register: (
        "Registre una clave de acceso o una llave de seguridad antes de ",
        ". A partir de entonces entrará con ella.",
    ),
    register_within: (
        "Registre una clave de acceso o una llave de seguridad en los {window} minutos siguientes a iniciar sesión, y antes de ",
        ". A partir de entonces entrará con ella.",
    ),
    square: "La dirección de la página de inicio de sesión como código QR",
    caption: "la página de inicio de sesión",
    warning: "Quien tenga esta hoja puede entrar en su nombre. No diga el código a nadie, lo pida quien lo pida, y destruya la hoja al terminar.",
    ask: ("¿Preguntas, o el código no funciona? Consulte a ", "."),
    ask_giver: "¿Preguntas, o el código no funciona? Consulte a quien le dio esta hoja.",
};

const JAPANESE: Words = Words {
    tag: "ja",
    title: "一時アクセス パス",
    heading: "あなたの一時アクセス パス",
    whose: "対象者",
    from: "利用開始",
    now: "（すでに使えます）",
    until: "有効期限",
    used: "使用回数",
    once: "1 回、1 つのブラウザーでのみ",
    several: "期限まで何度でも",
    code: "コード",
    code_hint: "大文字・小文字、空白の有無は問いません。O、I、L、U の文字は含まれません。0 は数字のゼロ、1 は数字のイチです。",
    open: ("ブラウザーで ", " を開くか、携帯電話のカメラを四角い図に向けてください。"),
    name: ("お名前 ", " と上のコードを入力してください。"),
    register: ("パスキーまたはセキュリティ キーを ", " までに登録してください。以後はそれでサインインします。"),
    register_within: (
        "サインインから {window} 分以内に、パスキーまたはセキュリティ キーを登録してください。期限は ",
        " です。以後はそれでサインインします。",
    ),
    square: "サインイン ページのアドレスの QR コード",
    caption: "サインイン ページ",
    warning: "この用紙を持つ人は、あなたとしてサインインできます。誰に聞かれてもコードを教えず、使い終わったら用紙を裁断してください。",
    ask: ("ご不明な点やコードが使えない場合は、", " にお問い合わせください。"),
    ask_giver: "ご不明な点やコードが使えない場合は、この用紙を渡した人にお問い合わせください。",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_tag() {
        for (tag, language) in [
            ("en", Language::English),
            ("de-CH", Language::German),
            ("JA", Language::Japanese),
            ("fr_CA", Language::French),
        ] {
            assert_eq!(tag.parse(), Ok(language), "{tag}");
        }
        for bad in ["", "english", "it", "-de"] {
            assert_eq!(bad.parse::<Language>(), Err(LanguageError), "{bad}");
        }
    }

    #[test]
    fn no_text_is_left_out_or_left_in_english() {
        let all = |words: &Words| {
            let Words { open, name, register, register_within, ask, .. } = words;
            let plain = [
                words.title,
                words.heading,
                words.whose,
                words.from,
                words.now,
                words.until,
                words.used,
                words.once,
                words.several,
                words.code,
                words.code_hint,
                words.square,
                words.caption,
                words.warning,
                words.ask_giver,
            ];
            let around = [open, name, register, register_within, ask].map(|(before, after)| [*before, *after].concat());
            plain.map(str::to_owned).into_iter().chain(around).collect::<Vec<_>>()
        };
        let english = all(Language::English.words());
        for language in Language::ALL {
            let texts = all(language.words());
            assert!(texts.iter().all(|text| !text.trim().is_empty()), "{language:?}");
            assert!(language.words().register_within.0.contains("{window}"), "{language:?}");
            let same = texts.iter().zip(&english).filter(|(one, other)| one == other).count();
            assert_eq!(same, if language == Language::English { english.len() } else { 0 }, "{language:?}");
        }
    }
}
