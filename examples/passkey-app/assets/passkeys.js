// Adds another passkey for whoever is signed in. Removing is done by plain forms.
import { reason, register } from "/assets/ceremony.js";

const button = document.getElementById("register");
const say = (words) => { document.getElementById("message").textContent = words; };

button.addEventListener("click", async () => {
  button.disabled = true;
  say("Follow your device…");
  try {
    await register(document.getElementById("name").value);
    location.reload();
  } catch (error) {
    say(reason(error));
    button.disabled = false;
    button.focus();
  }
});
