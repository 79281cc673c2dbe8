// A ceremony with an authenticator: options from the server, its answer back. WebAuthn speaks in bytes, JSON in base64url.

const bytes = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};
const text = (buffer) => {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

/** What the server says no with: a sentence for people. */
export class Refusal extends Error {}

/** Sends JSON to a path of the site and gives what comes back. */
export async function send(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
      redirect: "error",
    });
  } catch {
    throw new Refusal("The site cannot be reached. Check your connection and try again.");
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(sentence(said.message ?? said.title ?? "that did not work; please try again"));
  return said;
}

/** Has an authenticator make a passkey. */
export async function create({ publicKey }) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: named(publicKey.excludeCredentials),
    },
  });
  const { response } = credential;
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: { attestationObject: text(response.attestationObject), clientDataJSON: text(response.clientDataJSON) },
  };
}

/** Has an authenticator answer with a passkey. */
export async function get({ publicKey }) {
  const credential = await navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      allowCredentials: named(publicKey.allowCredentials),
    },
  });
  const { response } = credential;
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: {
      authenticatorData: text(response.authenticatorData),
      clientDataJSON: text(response.clientDataJSON),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

/** Registers a passkey of this name, from the server's options to its word that it is kept. */
export async function register(name) {
  const started = await send("/webauthn/register/start", {});
  if (started.done) return;
  await send("/webauthn/register/finish", { name, credential: await create(started.options) });
}

/** What went wrong, in words for the person at the screen. */
export function reason(error) {
  if (error instanceof Refusal) return error.message;
  switch (error?.name) {
    case "NotAllowedError":
      return "That was cancelled, or took too long. You can try again.";
    case "InvalidStateError":
      return "This device already has a passkey of yours for this site. Use another device, or sign in with it.";
    case "SecurityError":
      return "Your browser does not offer passkeys at this address.";
    case "NotSupportedError":
    case "ConstraintError":
      return "This device cannot keep a passkey that asks for your fingerprint, face or PIN. Try another device or a security key.";
    default:
      return window.PublicKeyCredential
        ? "That did not work. Please try again."
        : "This browser has no passkeys. Try another browser.";
  }
}

const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
