// The words as people read them. Each look at them is a new frame: it replaces the old one once it is there, so that
// nothing flickers and the browser's history keeps no trace. The server's answer brings its own policy; srcdoc would not.
import { words } from "./check.js";

export function show(form, facts) {
  const stage = document.querySelector(".wm-stage");
  if (!stage) return null;
  const buttons = [...document.querySelectorAll('.wm-look[formtarget="preview"]')];
  const address = buttons[0].formAction;
  let number = 0;
  let loading = false;
  let again = false;
  let failsafe;

  function refresh() {
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    stage.setAttribute("aria-busy", "true");
    const old = stage.querySelector("iframe:not([data-next])");
    const next = frame(old, `preview-${++number}`);
    stage.append(next); // loads about:blank at once: only then does listening make sense
    next.addEventListener("load", () => done(old, next), { once: true });
    failsafe = setTimeout(() => done(old, next), 15_000);
    send(next.name);
  }

  function done(old, next) {
    clearTimeout(failsafe);
    if (!next.dataset.next) return;
    old.remove();
    delete next.dataset.next;
    next.name = "preview";
    stage.removeAttribute("aria-busy");
    stage.dataset.look = chosen();
    loading = false;
    if (again) {
      again = false;
      refresh();
    }
  }

  function send(target) {
    const carrier = document.createElement("form");
    Object.assign(carrier, { method: "post", action: address, target, hidden: true });
    const given = words(form);
    given.set("look", chosen());
    for (const name of ["instead", "images"]) {
      const control = form.elements.namedItem(name);
      if (control && (control.type !== "checkbox" || control.checked)) given.set(name, control.value);
    }
    for (const [name, value] of given) {
      const field = document.createElement("textarea");
      Object.assign(field, { name, value });
      carrier.append(field);
    }
    document.body.append(carrier);
    carrier.submit();
    carrier.remove();
  }

  const chosen = () => buttons.find((button) => button.getAttribute("aria-pressed") === "true").value;

  for (const button of buttons) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      refresh();
    });
  }
  const reader = form.elements.namedItem("reader");
  reader?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    refresh();
  });
  if (!facts.check || !form.querySelector("[data-studio] .wm-editor")) {
    for (const name of ["reader", "instead", "images"]) form.elements.namedItem(name)?.addEventListener("change", refresh);
  }

  // What comes back from the server unsaved, with a mistake in it, is shown as it stands in the form.
  return { refresh, start: () => form.querySelector(".errorlist, .wm-conflict") && refresh() };
}

function frame(like, name) {
  const made = document.createElement("iframe");
  made.className = like.className;
  made.title = like.title;
  made.name = name;
  made.dataset.next = "1";
  made.setAttribute("sandbox", "");
  return made;
}
