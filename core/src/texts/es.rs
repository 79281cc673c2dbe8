//! Spanish. The pass is Microsoft's "pase de acceso temporal".

use super::{Reason, Reasons, Texts};

pub(crate) const SPANISH: Texts = Texts {
    sign_in_to: "Iniciar sesión en {name}",
    lead: "Use su pase de acceso temporal para registrar un método de inicio de sesión.",
    user: "Nombre de usuario",
    pass: "Pase de acceso temporal",
    pass_hint: "En un código escrito a mano no importan los espacios, los guiones ni las mayúsculas.",
    submit: "Iniciar sesión",
    whose: "Este enlace contiene un pase para {user}.",
    ends: "Al iniciar sesión termina la sesión de {user} en este navegador.",
    session: "{user} tiene una sesión abierta en este navegador. Si otra persona inicia sesión, esa sesión termina.",
    broken_link: "A este enlace le falta una parte. Ábralo de nuevo tal como lo recibió o escriba su pase aquí.",
    no_script: "¿Viene de un enlace? Sin JavaScript esta página no puede leer el pase que contiene. Copie en el campo todo lo que sigue a «#pass=» en el enlace.",
    need_help: "¿Necesita ayuda?",
    ask: "A quién preguntar:",
    signed_out: "Ha cerrado la sesión",
    session_over: "Su sesión en {name} ha terminado, en este navegador y en cualquier lugar donde se haya copiado.",
    sign_in_again: "Iniciar sesión de nuevo",
    reasons: Reasons {
        invalid_pass: Reason {
            title: "Pase no válido",
            text: "Este pase de acceso temporal no es válido. Después de varios intentos, espere unos minutos.",
        },
        not_yet_valid: Reason {
            title: "Pase aún no válido",
            text: "Su pase de acceso temporal aún no es válido. Inténtelo de nuevo cuando haya empezado.",
        },
        expired: Reason { title: "Pase caducado", text: "Su pase de acceso temporal ha caducado. Pida uno nuevo." },
        already_used: Reason {
            title: "Pase ya utilizado",
            text: "Su pase de acceso temporal solo sirve una vez y ya se ha utilizado. Si no fue usted, avise de inmediato a quien se lo dio; si no, pida uno nuevo.",
        },
        replaced: Reason {
            title: "Pase sustituido",
            text: "Un pase de acceso temporal más reciente ha sustituido a este. Use el último que haya recibido.",
        },
        revoked: Reason { title: "Pase revocado", text: "Su pase de acceso temporal se ha retirado. Pida uno nuevo." },
        ledger_too_young: Reason {
            title: "Pase ya no utilizable",
            text: "La puerta de enlace se reinició después de que su pase de un solo uso empezara a ser válido, y no puede saber si ya se ha utilizado. Pida uno nuevo.",
        },
        disabled: Reason {
            title: "Pases desactivados",
            text: "Los pases de acceso temporal están desactivados aquí. Pregunte a quien le dio el pase.",
        },
        out_of_scope: Reason {
            title: "No disponible para su cuenta",
            text: "Los pases de acceso temporal no están disponibles para su cuenta. Pregunte a quien le dio el pase.",
        },
        lifetime_out_of_policy: Reason {
            title: "Duración no permitida",
            text: "Su pase de acceso temporal tiene una duración que no está permitida aquí. Pida uno nuevo.",
        },
        multi_use_forbidden: Reason {
            title: "Solo pases de un solo uso",
            text: "Aquí solo se permiten pases de un solo uso, y el suyo puede usarse varias veces. Pida uno nuevo.",
        },
        ledger_unavailable: Reason {
            title: "Inténtelo dentro de un momento",
            text: "Ahora mismo la puerta de enlace no puede consultar ni registrar inicios de sesión, así que no deja entrar a nadie. Inténtelo de nuevo dentro de un momento.",
        },
        cross_site: Reason {
            title: "Solicitud de otro sitio",
            text: "Esta solicitud procedía de una página de otro sitio y no se ha llevado a cabo. Abra este sitio directamente e inténtelo de nuevo.",
        },
        too_large: Reason {
            title: "Solicitud demasiado grande",
            text: "La solicitud es más grande de lo que puede ser un inicio de sesión. Escriba su pase o abra de nuevo el enlace tal como lo recibió.",
        },
        registration_required: Reason {
            title: "Registro necesario",
            text: "Hasta que registre un método de inicio de sesión, solo puede abrir la página de registro.",
        },
        registration_deadline_passed: Reason {
            title: "Se acabó el tiempo",
            text: "Su tiempo para registrar un método de inicio de sesión ha terminado. Si su pase de acceso temporal sigue siendo válido, inicie sesión de nuevo con él; si no, pida uno nuevo.",
        },
        session_expired: Reason {
            title: "Sesión terminada", text: "Su sesión ha terminado. Inicie sesión de nuevo."
        },
        internal: Reason {
            title: "Algo ha fallado",
            text: "La puerta de enlace no ha podido atender esta solicitud. Inténtelo de nuevo; si vuelve a ocurrir, avise a quien administra este sitio.",
        },
    },
};
