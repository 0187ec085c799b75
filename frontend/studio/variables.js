// The declared variables: rows can be added and taken away, and what the words use undeclared is one click away.
import { make } from "./findings.js";

export function declare(changed) {
  const place = document.querySelector("[data-variables]");
  if (!place) return { offer() {} };
  const rows = place.querySelector(".wm-vars-rows");
  const pattern = place.querySelector("template");
  const status = place.querySelector("[role=status]");
  const offers = place.querySelector(".wm-vars-offers");
  const offered = place.querySelector(".wm-vars-offered");
  const name = (row) => row.querySelector("[name$=_name]");
  const written = (row) => row.querySelector("[name$=_name]").value.trim();
  let count = rows.children.length;
  place.classList.add("wm-vars-live");

  const more = make("button", "wm-button wm-vars-more", "Add a variable");
  more.type = "button";
  rows.after(more);
  const none = make("p", "wm-quiet", "None is declared.");
  rows.before(none);

  function tell(text) {
    status.textContent = text;
    none.hidden = rows.children.length > 0;
  }

  function ready(row) {
    row.querySelector(".wm-var-remove")?.remove();
    const gone = make("button", "wm-button wm-var-gone", "Remove");
    gone.type = "button";
    gone.addEventListener("click", () => remove(row));
    row.querySelectorAll(".wm-var-part")[3].after(gone);
    const kind = row.querySelector("select");
    const hint = () => {
      const example = kind.selectedOptions[0]?.dataset.example || "";
      for (const part of ["fallback", "sample"]) row.querySelector(`[name$=_${part}]`).placeholder = example;
    };
    const called = () => {
      const said = written(row) || "New variable";
      row.setAttribute("aria-label", said);
      gone.setAttribute("aria-label", `Remove ${said === "New variable" ? "this variable" : said}`);
    };
    kind.addEventListener("change", hint);
    name(row).addEventListener("input", called);
    called();
  }

  function add(said = "", kind = "text") {
    const made = document.createElement("div");
    made.innerHTML = pattern.innerHTML.replaceAll("__n__", String(count++));
    const row = made.firstElementChild;
    name(row).value = said;
    row.querySelector("select").value = kind;
    rows.append(row);
    ready(row);
    row.querySelector("select").dispatchEvent(new Event("change"));
    return row;
  }

  function remove(row) {
    const next = row.nextElementSibling || row.previousElementSibling;
    const said = written(row);
    row.remove();
    tell(`${said || "The variable"} is removed.`);
    (next ? name(next) : more).focus();
    changed();
  }

  function take(one) {
    const row = add(one.name, one.type);
    tell(`${one.name} is declared.`);
    row.querySelector("[name$=_fallback]").focus();
    changed();
  }

  function offer(found) {
    const known = new Set([...rows.children].map(written));
    const wanted = found.filter((one) => !known.has(one.name));
    offers.hidden = !wanted.length;
    const now = JSON.stringify(wanted);
    if (offered.dataset.shown === now) return;
    offered.dataset.shown = now;
    offered.replaceChildren(...wanted.map((one) => {
      const button = make("button", "wm-chip", `Declare ${one.name}`);
      button.type = "button";
      button.append(make("span", "wm-quiet", one.type));
      button.addEventListener("click", () => {
        button.remove();
        offers.hidden = !offered.children.length;
        take(one);
      });
      return button;
    }));
  }

  for (const row of [...rows.children]) {
    if (written(row) || row.querySelector(".wm-var-wrong")) ready(row);
    else row.remove();
  }
  more.addEventListener("click", () => {
    const row = add();
    tell("");
    name(row).focus();
  });
  offer([...offered.querySelectorAll("input")].map((box) => {
    const [kind, said] = box.value.split(" ");
    return { name: said, type: kind };
  }));
  tell("");
  return { offer };
}
