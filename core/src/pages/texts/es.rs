//! Spanish, in the polite form.

use super::Texts;
use crate::refusal::Refusal;

pub(super) const TEXTS: Texts = Texts {
    tag: "es",
    sign_in_to: "Iniciar sesión en {}",
    intro: "Con su pase de acceso temporal, registre un método de inicio de sesión.",
    user: "Nombre de usuario",
    pass: "Pase de acceso temporal",
    typing: "En mayúsculas o minúsculas, con o sin espacios.",
    sign_in: "Iniciar sesión",
    carries: "Este enlace contiene un pase para {}.",
    ends: "Al iniciar sesión termina la de {} en este navegador.",
    ask: "¿Necesita ayuda?",
    signed_out: "Ha cerrado la sesión",
    session_over: "Su sesión en {} ha terminado, en este navegador y en cualquier otro lugar al que se haya copiado.",
    sign_in_again: "Volver a iniciar sesión",
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
            "Pase no válido",
            "Este pase de acceso temporal no es válido. Después de varios intentos, espere unos minutos.",
        ],
        Refusal::NotYetValid => [
            "Pase aún no válido",
            "Su pase de acceso temporal aún no es válido. Inténtelo de nuevo cuando haya comenzado.",
        ],
        Refusal::Expired => ["Pase caducado", "Su pase de acceso temporal ha caducado. Pida uno nuevo."],
        Refusal::AlreadyUsed => [
            "Pase ya utilizado",
            "Su pase de acceso temporal sirve una sola vez y ya se ha utilizado. Si no fue usted, avise de inmediato a quien se lo dio; si lo fue, pida uno nuevo.",
        ],
        Refusal::Replaced => [
            "Pase sustituido",
            "Un pase de acceso temporal más reciente ha sustituido a este. Use el último que haya recibido.",
        ],
        Refusal::Revoked => ["Pase retirado", "Su pase de acceso temporal ha sido retirado. Pida uno nuevo."],
        Refusal::LedgerTooYoung => [
            "Pase ya no utilizable",
            "La puerta de enlace se ha reiniciado desde que su pase de un solo uso empezó a valer y no puede saber si se ha utilizado. Pida uno nuevo.",
        ],
        Refusal::Disabled => [
            "Pases desactivados",
            "Los pases de acceso temporal están desactivados aquí. Pregunte a quien le dio el pase.",
        ],
        Refusal::OutOfScope => [
            "No disponible para usted",
            "Los pases de acceso temporal no están disponibles para su cuenta. Pregunte a quien le dio el pase.",
        ],
        Refusal::LifetimeOutOfPolicy => [
            "Pase no permitido",
            "Su pase de acceso temporal tiene una duración que no se permite aquí. Pida uno nuevo.",
        ],
        Refusal::MultiUseForbidden => [
            "Pase no permitido",
            "Aquí solo se permiten pases de un solo uso, y el suyo sirve varias veces. Pida uno nuevo.",
        ],
        Refusal::LedgerUnavailable => [
            "Inténtelo en un momento",
            "La puerta de enlace no puede consultar ni anotar los inicios de sesión en este momento, así que no deja entrar a nadie. Inténtelo de nuevo en un momento.",
        ],
        Refusal::CrossSite => [
            "Solicitud de otro sitio",
            "Esta solicitud venía de la página de otro sitio y no se ha ejecutado. Abra este mismo sitio e inténtelo de nuevo.",
        ],
        Refusal::TooLarge => {
            ["Solicitud demasiado grande", "La solicitud es más grande de lo que puede ser un inicio de sesión."]
        }
        Refusal::RegistrationRequired => [
            "Registro necesario",
            "Hasta que registre un método de inicio de sesión, solo puede llegar a la página de registro.",
        ],
        Refusal::RegistrationDeadlinePassed => [
            "Se acabó el tiempo",
            "Se acabó el tiempo para registrar un método de inicio de sesión. Si su pase de acceso temporal sigue siendo válido, vuelva a iniciar sesión con él; si no, pida uno nuevo.",
        ],
        Refusal::SessionExpired => ["Sesión terminada", "Su sesión ha terminado. Vuelva a iniciar sesión."],
        Refusal::Internal => [
            "Algo ha fallado",
            "La puerta de enlace no pudo atender esta solicitud. Inténtelo de nuevo; si vuelve a ocurrir, avise a los responsables de este sitio.",
        ],
    }
}
