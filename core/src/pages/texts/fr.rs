//! French, in the polite form.

use super::Texts;
use crate::refusal::Refusal;

pub(super) const TEXTS: Texts = Texts {
    tag: "fr",
    sign_in_to: "Connexion à {}",
    intro: "Avec votre passe d’accès temporaire, enregistrez une méthode de connexion.",
    user: "Nom d’utilisateur",
    pass: "Passe d’accès temporaire",
    typing: "En majuscules ou en minuscules, avec ou sans espaces.",
    sign_in: "Se connecter",
    carries: "Ce lien contient un passe pour {}.",
    ends: "La connexion met fin à la session de {} dans ce navigateur.",
    ask: "Besoin d’aide ?",
    signed_out: "Vous êtes déconnecté",
    session_over: "Votre session sur {} est terminée, dans ce navigateur et partout où elle a été copiée.",
    sign_in_again: "Se reconnecter",
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
            "Passe non valide",
            "Ce passe d’accès temporaire n’est pas valide. Après plusieurs essais, attendez quelques minutes.",
        ],
        Refusal::NotYetValid => [
            "Passe pas encore valide",
            "Votre passe d’accès temporaire n’est pas encore valide. Réessayez quand il aura commencé.",
        ],
        Refusal::Expired => ["Passe expiré", "Votre passe d’accès temporaire a expiré. Demandez-en un nouveau."],
        Refusal::AlreadyUsed => [
            "Passe déjà utilisé",
            "Votre passe d’accès temporaire ne sert qu’une fois et a été utilisé. Si ce n’était pas vous, signalez-le tout de suite à qui vous l’a donné ; sinon, demandez-en un nouveau.",
        ],
        Refusal::Replaced => [
            "Passe remplacé",
            "Un passe d’accès temporaire plus récent a remplacé celui-ci. Utilisez le dernier que vous avez reçu.",
        ],
        Refusal::Revoked => ["Passe retiré", "Votre passe d’accès temporaire a été retiré. Demandez-en un nouveau."],
        Refusal::LedgerTooYoung => [
            "Passe devenu inutilisable",
            "La passerelle a redémarré depuis le début de validité de votre passe à usage unique et ne peut pas dire s’il a servi. Demandez-en un nouveau.",
        ],
        Refusal::Disabled => [
            "Passes désactivés",
            "Les passes d’accès temporaires sont désactivés ici. Adressez-vous à qui vous a donné le passe.",
        ],
        Refusal::OutOfScope => [
            "Non ouvert à votre compte",
            "Les passes d’accès temporaires ne sont pas ouverts à votre compte. Adressez-vous à qui vous a donné le passe.",
        ],
        Refusal::LifetimeOutOfPolicy => [
            "Passe non autorisé",
            "Votre passe d’accès temporaire a une durée qui n’est pas autorisée ici. Demandez-en un nouveau.",
        ],
        Refusal::MultiUseForbidden => [
            "Passe non autorisé",
            "Seuls les passes à usage unique sont autorisés ici, et le vôtre sert plusieurs fois. Demandez-en un nouveau.",
        ],
        Refusal::LedgerUnavailable => [
            "Réessayez dans un instant",
            "La passerelle ne peut ni consulter ni inscrire les connexions en ce moment, et ne laisse donc entrer personne. Réessayez dans un instant.",
        ],
        Refusal::CrossSite => [
            "Requête d’un autre site",
            "Cette requête venait de la page d’un autre site et n’a pas été exécutée. Ouvrez ce site lui-même et réessayez.",
        ],
        Refusal::TooLarge => ["Requête trop grande", "La requête est plus grande que ne peut l’être une connexion."],
        Refusal::RegistrationRequired => [
            "Enregistrement requis",
            "Tant que vous n’avez pas enregistré de méthode de connexion, seule la page d’enregistrement vous est ouverte.",
        ],
        Refusal::RegistrationDeadlinePassed => [
            "Temps écoulé",
            "Le temps pour enregistrer une méthode de connexion est écoulé. Si votre passe d’accès temporaire est encore valide, reconnectez-vous avec lui ; sinon, demandez-en un nouveau.",
        ],
        Refusal::SessionExpired => ["Session terminée", "Votre session est terminée. Reconnectez-vous."],
        Refusal::Internal => [
            "Une erreur est survenue",
            "La passerelle n’a pas pu traiter cette requête. Réessayez ; si cela se reproduit, prévenez les responsables de ce site.",
        ],
    }
}
