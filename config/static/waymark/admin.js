// Tells the server in which zone its reader lives, so that times can be shown in it (config/reader.py).
{
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) {
    document.cookie = `waymark_timezone=${zone};path=/;max-age=31536000;samesite=lax`;
  }
}

// <button data-copy="#id"> copies the text of that element.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
  button.textContent = "Copied";
});

// Unfold's layout has no main landmark, which screen readers jump to.
document.addEventListener("DOMContentLoaded", () => document.getElementById("main")?.setAttribute("role", "main"));
