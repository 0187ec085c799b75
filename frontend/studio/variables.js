// The declared variables as rows; what the words use undeclared is one click away.
import { make } from "./findings.js";
import { live } from "./rows.js";

export function declare(changed) {
  const place = document.querySelector("[data-variables]");
  if (!place) return { offer() {} };
  const offers = place.querySelector(".wm-vars-offers");
  const offered = place.querySelector(".wm-vars-offered");
  const { rows, written, add, tell } = live(place, { main: "name", noun: "variable", none: "None is declared.", ready, changed });

  function ready(row) {
    const kind = row.querySelector("select");
    kind.addEventListener("change", () => {
      const example = kind.selectedOptions[0]?.dataset.example || "";
      for (const part of ["fallback", "sample"]) row.querySelector(`[name$=_${part}]`).placeholder = example;
    });
  }

  function take(one) {
    const row = add(one.name);
    row.querySelector("select").value = one.type;
    row.querySelector("select").dispatchEvent(new Event("change"));
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

  offer([...offered.querySelectorAll("input")].map((box) => {
    const [kind, said] = box.value.split(" ");
    return { name: said, type: kind };
  }));
  return { offer };
}
