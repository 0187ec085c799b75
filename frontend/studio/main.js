// The studio: makes the plain form of a draft comfortable. Without it the form works all the same.
import { ask } from "./check.js";
import { edit } from "./editor.js";
import { say } from "./findings.js";
import { show } from "./preview.js";
import { size, segments } from "./meters.js";
import { tabs } from "./tabs.js";
import { declare } from "./variables.js";
import { learn } from "./vocabulary.js";

const PAUSE = 450;

// Of boxes with one name the form knows only all together.
const first = (control) => (control instanceof RadioNodeList ? control[0] : control);

function start() {
  const place = document.querySelector("[data-studio]");
  const form = document.getElementById("templateversion_form");
  if (!place || !form) return;
  const facts = JSON.parse(document.getElementById("studio-facts").textContent);
  learn(facts);

  let timer;
  let refresh = () => {};
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => refresh(), PAUSE);
  };
  const declared = declare(changed);
  const editors = new Map();
  for (const field of facts.fields) {
    const control = form.elements.namedItem(`content_${field.name}`);
    const made = edit(control, field, changed);
    if (made) editors.set(field.name, made);
  }
  const choose = tabs([...editors.values()].filter((editor) => editor.many));

  const words = place.querySelector(".wm-studio-words");
  const preview = show(form, facts);
  if (!facts.check || !editors.size) return preview?.start();

  const jump = ({ field, line }) => {
    choose(field);
    const editor = editors.get(field);
    if (editor) editor.go(line);
    else first(form.elements.namedItem(`content_${field}`))?.focus();
  };
  const meter = facts.counted ? segments(words, (from, to) => editors.get("body")?.replace(from, to)) : size(words);
  const findings = say(words, jump);
  const check = ask(form, facts.check, {
    busy: findings.busy,
    failed: findings.failed,
    told(answer) {
      learn(answer);
      findings.show(answer.problems);
      meter.show(answer);
      declared.offer(answer.undeclared);
      for (const [name, editor] of editors) {
        editor.mark(answer.problems.filter((problem) => problem.field === name));
        editor.foreign((answer.segments?.foreign || []).map((one) => one.sign));
      }
    },
  });
  findings.again = check;

  refresh = () => {
    check();
    preview?.refresh();
  };
  form.addEventListener("change", (event) => {
    if (event.target.name && event.target.name !== "revision") changed();
  });
  check();
  preview?.start();
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
