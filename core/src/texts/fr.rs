//! French. The pass is Microsoft's "passe d'accès temporaire".

use super::{Reason, Reasons, Texts};

pub(crate) const FRENCH: Texts = Texts {
    sign_in_to: "Se connecter à {name}",
    lead: "Utilisez votre passe d’accès temporaire pour enregistrer une méthode de connexion.",
    user: "Nom d’utilisateur",
    pass: "Passe d’accès temporaire",
    pass_hint: "Dans un code saisi à la main, les espaces, les tirets et les majuscules ne comptent pas.",
    submit: "Se connecter",
    whose: "Ce lien contient un passe pour {user}.",
    ends: "La connexion met fin à la session de {user} dans ce navigateur.",
    session: "{user} a une session ouverte dans ce navigateur. Si quelqu’un d’autre se connecte, cette session prend fin.",
    broken_link: "Il manque une partie de ce lien. Ouvrez-le de nouveau exactement comme vous l’avez reçu, ou saisissez votre passe ici.",
    no_script: "Vous venez d’un lien ? Sans JavaScript, cette page ne peut pas lire le passe qu’il contient. Copiez dans le champ tout ce qui suit « #pass= » dans le lien.",
    need_help: "Besoin d’aide ?",
    ask: "À qui s’adresser :",
    signed_out: "Vous êtes déconnecté",
    session_over: "Votre session chez {name} est terminée, dans ce navigateur et partout où elle a été copiée.",
    sign_in_again: "Se reconnecter",
    reasons: Reasons {
        invalid_pass: Reason {
            title: "Passe non valable",
            text: "Ce passe d’accès temporaire n’est pas valable. Après plusieurs essais, attendez quelques minutes.",
        },
        not_yet_valid: Reason {
            title: "Passe pas encore valable",
            text: "Votre passe d’accès temporaire n’est pas encore valable. Réessayez une fois sa période commencée.",
        },
        expired: Reason {
            title: "Passe expiré",
            text: "Votre passe d’accès temporaire a expiré. Demandez-en un nouveau.",
        },
        already_used: Reason {
            title: "Passe déjà utilisé",
            text: "Votre passe d’accès temporaire ne sert qu’une fois et a déjà été utilisé. Si ce n’était pas vous, signalez-le tout de suite à la personne qui vous l’a remis ; sinon, demandez-en un nouveau.",
        },
        replaced: Reason {
            title: "Passe remplacé",
            text: "Un passe d’accès temporaire plus récent a remplacé celui-ci. Utilisez le dernier que vous avez reçu.",
        },
        revoked: Reason {
            title: "Passe révoqué",
            text: "Votre passe d’accès temporaire a été retiré. Demandez-en un nouveau.",
        },
        ledger_too_young: Reason {
            title: "Passe devenu inutilisable",
            text: "La passerelle a redémarré après le début de validité de votre passe à usage unique et ne peut pas savoir s’il a déjà servi. Demandez-en un nouveau.",
        },
        disabled: Reason {
            title: "Passes désactivés",
            text: "Les passes d’accès temporaires sont désactivés ici. Adressez-vous à la personne qui vous a remis le passe.",
        },
        out_of_scope: Reason {
            title: "Non ouvert à votre compte",
            text: "Les passes d’accès temporaires ne sont pas ouverts à votre compte. Adressez-vous à la personne qui vous a remis le passe.",
        },
        lifetime_out_of_policy: Reason {
            title: "Durée de validité non autorisée",
            text: "Votre passe d’accès temporaire a une durée de validité qui n’est pas autorisée ici. Demandez-en un nouveau.",
        },
        multi_use_forbidden: Reason {
            title: "Passes à usage unique seulement",
            text: "Seuls les passes à usage unique sont autorisés ici, et le vôtre peut servir plusieurs fois. Demandez-en un nouveau.",
        },
        ledger_unavailable: Reason {
            title: "Réessayez dans un instant",
            text: "La passerelle ne peut ni vérifier ni enregistrer de connexion pour le moment ; elle ne laisse donc entrer personne. Réessayez dans un instant.",
        },
        cross_site: Reason {
            title: "Requête d’un autre site",
            text: "Cette requête venait de la page d’un autre site et n’a pas été exécutée. Ouvrez ce site lui-même et réessayez.",
        },
        too_large: Reason {
            title: "Requête trop volumineuse",
            text: "La requête est plus volumineuse qu’une connexion ne peut l’être. Saisissez votre passe, ou ouvrez de nouveau le lien exactement comme vous l’avez reçu.",
        },
        registration_required: Reason {
            title: "Enregistrement requis",
            text: "Tant que vous n’avez pas enregistré de méthode de connexion, seule la page d’enregistrement vous est ouverte.",
        },
        registration_deadline_passed: Reason {
            title: "Le délai est écoulé",
            text: "Le délai pour enregistrer une méthode de connexion est écoulé. Si votre passe d’accès temporaire est encore valable, connectez-vous de nouveau avec lui ; sinon, demandez-en un nouveau.",
        },
        session_expired: Reason {
            title: "Session terminée",
            text: "Votre session est terminée. Connectez-vous de nouveau.",
        },
        internal: Reason {
            title: "Un problème est survenu",
            text: "La passerelle n’a pas pu traiter cette requête. Réessayez ; si cela se reproduit, prévenez les responsables de ce site.",
        },
    },
};
