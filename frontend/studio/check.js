// Asks the server about the words as they stand in the form: one question at a time, the last one always answered.

export function words(form) {
  const found = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const ours = /^(content|variables)_/.test(name) || ["locale", "message_class", "csrfmiddlewaretoken", "reader"].includes(name);
    if (ours && typeof value === "string") found.append(name, value);
  }
  return found;
}

export function ask(form, address, { busy, told, failed }) {
  let asking = false;
  let again = false;

  async function check() {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    busy();
    try {
      const answer = await fetch(address, { method: "POST", body: words(form), headers: { Accept: "application/json" } });
      if (answer.redirected) failed("You are logged out: log in again in another tab, then save.");
      else if (answer.status === 400 || answer.status === 413) failed("This is too long to be checked.");
      else if (!answer.ok) failed(`The checks do not answer (${answer.status}).`);
      else told(await answer.json());
    } catch {
      failed("The checks cannot be reached.");
    }
    asking = false;
    if (again) {
      again = false;
      check();
    }
  }

  return check;
}
