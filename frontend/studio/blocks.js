// A content block's page: its variants as rows, whose order decides.
import { live } from "./rows.js";

function start() {
  const place = document.querySelector("[data-variants]");
  if (place) live(place, { main: "when", noun: "variant", none: "There is none: everybody gets the same content.", moves: true });
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
