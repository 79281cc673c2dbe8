// Signs in with a passkey: of the user who is named, or whichever the device offers.
import { get, reason, send } from "/assets/ceremony.js";

const button = document.getElementById("sign-in");
const say = (words) => { document.getElementById("message").textContent = words; };

// Where somebody wanted to go before they had to sign in: a page of this site, or nothing.
function wanted() {
  const next = new URLSearchParams(location.search).get("next");
  try {
    const place = new URL(next ?? "", location.origin);
    return next && place.origin === location.origin ? place.href : null;
  } catch {
    return null;
  }
}

document.getElementById("passkey-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  say("Follow your device…");
  try {
    const { options } = await send("/webauthn/login/start", { username: document.getElementById("username").value });
    const { next } = await send("/webauthn/login/finish", { credential: await get(options) });
    location.assign(wanted() ?? next);
  } catch (error) {
    say(reason(error));
    button.disabled = false;
    button.focus();
  }
});
