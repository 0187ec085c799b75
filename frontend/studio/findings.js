// What is wrong, as a list under the editors; each leads to its place.

export function make(tag, name, text = "") {
  const found = document.createElement(tag);
  if (name) found.className = name;
  found.textContent = text;
  return found;
}

const many = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;

export function say(words, jump) {
  const place = make("section", "wm-findings");
  place.setAttribute("aria-label", "Checks");
  const status = make("p", "wm-findings-head", "Checking …");
  status.setAttribute("role", "status");
  const list = make("ul", "wm-findings-list");
  place.append(status, list);
  words.append(place);
  const told = { again() {}, busy, failed, show };
  let last = "";

  function busy() {
    place.setAttribute("aria-busy", "true");
  }

  function head(kind, text) {
    place.removeAttribute("aria-busy");
    if (status.textContent !== text) status.textContent = text;
    place.dataset.kind = kind;
  }

  function failed(sentence) {
    head("failed", sentence);
    const again = make("button", "wm-finding-again", "Try again");
    again.type = "button";
    again.addEventListener("click", () => told.again());
    const row = make("li", "");
    row.append(again);
    list.replaceChildren(row);
    last = "";
  }

  function show(problems) {
    const blocks = problems.filter((problem) => problem.severity === "block").length;
    const rest = problems.length - blocks;
    if (!problems.length) head("good", "All checks pass");
    else head(blocks ? "bad" : "warn", [blocks && many(blocks, "problem"), rest && many(rest, "warning")].filter(Boolean).join(", "));
    // The list stays as it is while nothing changes in it: whoever is on one of its buttons keeps the focus.
    if (last === JSON.stringify(problems)) return;
    last = JSON.stringify(problems);
    list.replaceChildren(...problems.map((problem) => row(problem, jump)));
  }

  return told;
}

function row(problem, jump) {
  const found = make("li", problem.severity === "block" ? "wm-finding wm-finding-bad" : "wm-finding");
  const place = [problem.label, problem.line && `line ${problem.line}`].filter(Boolean).join(", ");
  const inner = make(problem.field ? "button" : "div", "wm-finding-words");
  const kind = make("span", "wm-seen", problem.severity === "block" ? "Problem: " : "Warning: ");
  if (place) inner.append(kind, make("strong", "", place), " ", problem.sentence);
  else inner.append(kind, problem.sentence);
  if (problem.field) {
    inner.type = "button";
    inner.addEventListener("click", () => jump(problem));
  }
  found.append(inner);
  return found;
}
