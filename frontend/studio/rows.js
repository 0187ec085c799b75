// A list as rows of a form: they can be added, taken away and, where their order counts, moved. Without it the form works all the same.
import { make } from "./findings.js";

// `main` is the part that a row is called by, `noun` what a row is; `ready` is told of each row, `changed` of each change.
export function live(place, { main, noun, none, moves = false, ready = () => {}, changed = () => {} }) {
  const rows = place.querySelector(".wm-vars-rows");
  const pattern = place.querySelector("template");
  const status = place.querySelector("[role=status]");
  const name = (row) => row.querySelector(`[name$=_${main}]`);
  const written = (row) => name(row).value.trim();
  const says = (row) => [...row.querySelectorAll("input[type=text], textarea")].some((one) => one.value.trim());
  let count = rows.children.length;
  place.classList.add("wm-vars-live");

  const more = make("button", "wm-button wm-vars-more", `Add a ${noun}`);
  more.type = "button";
  rows.after(more);
  const nothing = make("p", "wm-quiet", none);
  rows.before(nothing);

  function tell(text) {
    status.textContent = text;
    nothing.hidden = rows.children.length > 0;
    if (!moves) return;
    for (const row of rows.children) {
      row.querySelector(".wm-var-up").disabled = !row.previousElementSibling;
      row.querySelector(".wm-var-down").disabled = !row.nextElementSibling;
    }
  }

  function button(row, kind, text, does) {
    const made = make("button", `wm-button ${kind}`, text);
    made.type = "button";
    made.addEventListener("click", () => does(row));
    return made;
  }

  function readied(row) {
    row.querySelectorAll(".wm-var-remove, .wm-var-place").forEach((one) => one.remove());
    const verbs = [
      ...(moves ? [button(row, "wm-var-up", "Up", (one) => move(one, -1)), button(row, "wm-var-down", "Down", (one) => move(one, 1))] : []),
      button(row, "wm-var-gone", "Remove", remove),
    ];
    const among = row.querySelector(".wm-var-verbs");
    if (among) among.append(...verbs);
    else [...row.querySelectorAll(".wm-var-part")].at(-1).after(...verbs);
    const called = () => {
      const said = written(row);
      row.setAttribute("aria-label", said || `New ${noun}`);
      for (const verb of verbs) verb.setAttribute("aria-label", `${verb.textContent} ${said || `this ${noun}`}`);
    };
    name(row).addEventListener("input", called);
    called();
    ready(row);
  }

  function add(said = "") {
    const made = document.createElement("div");
    made.innerHTML = pattern.innerHTML.replaceAll("__n__", String(count++));
    const row = made.firstElementChild;
    name(row).value = said;
    rows.append(row);
    readied(row);
    tell("");
    return row;
  }

  function remove(row) {
    const next = row.nextElementSibling || row.previousElementSibling;
    const said = written(row);
    row.remove();
    tell(`${said || `The ${noun}`} is removed.`);
    (next ? name(next) : more).focus();
    changed();
  }

  function move(row, by) {
    if (by < 0) row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    const at = [...rows.children].indexOf(row) + 1;
    tell(`${written(row) || `The ${noun}`} is number ${at} of ${rows.children.length} now.`);
    const [same, other] = by < 0 ? ["up", "down"] : ["down", "up"];
    const wanted = row.querySelector(`.wm-var-${same}`);
    (wanted.disabled ? row.querySelector(`.wm-var-${other}`) : wanted).focus();
    changed();
  }

  for (const row of [...rows.children]) {
    if (says(row) || row.querySelector(".wm-var-wrong")) readied(row);
    else row.remove();
  }
  more.addEventListener("click", () => name(add()).focus());
  tell("");
  return { rows, written, add, tell };
}
