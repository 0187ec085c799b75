// How much of the room is used: kilobytes of a mail, segments of a text message.
import { make } from "./findings.js";

function meter(words, label) {
  const place = make("div", "wm-meter");
  const text = make("p", "wm-meter-text");
  const bar = document.createElement("meter");
  bar.setAttribute("aria-label", label);
  place.append(text, bar);
  words.append(place);
  place.hidden = true;
  return { place, text, bar };
}

export function size(words) {
  const { place, text, bar } = meter(words, "Size of the mail");
  return {
    show({ size }) {
      place.hidden = !size;
      if (!size) return;
      Object.assign(bar, { max: size.limit, high: size.limit * 0.9, optimum: 0, value: size.bytes });
      const room = size.bytes > size.limit ? "Gmail hides the rest" : "where Gmail cuts off";
      text.textContent = `${(size.bytes / 1024).toFixed(1)} kB of ${Math.round(size.limit / 1024)} kB, ${room}`;
    },
  };
}

export function segments(words, replace) {
  const { place, text, bar } = meter(words, "Room in the segments");
  const list = make("ul", "wm-signs");
  list.setAttribute("aria-label", "Characters that make it dearer");
  place.append(list);
  let last = "";
  return {
    show({ segments: found }) {
      place.hidden = !found;
      if (!found) return;
      Object.assign(bar, { max: found.room, high: found.room * 0.9, optimum: 0, value: found.units });
      text.textContent =
        `${found.encoding} · ${found.units} of ${found.room} units · ${found.segments} segment${found.segments === 1 ? "" : "s"}` +
        " at most, with 20 letters for each variable";
      if (last === JSON.stringify(found.foreign)) return;
      last = JSON.stringify(found.foreign);
      list.replaceChildren(...found.foreign.map((sign) => row(sign, replace)));
    },
  };
}

function row({ sign, name, swap }, replace) {
  const found = make("li", "");
  found.append(make("mark", "wm-foreign", sign), ` ${name} makes every segment shorter `);
  if (swap) {
    const button = make("button", "wm-finding-again", `Write ${swap.trim() ? swap : "a plain space"} instead`);
    button.type = "button";
    button.addEventListener("click", () => replace(sign, swap));
    found.append(button);
  }
  return found;
}
