// The look of the preview: which button was pressed last, and how wide the frame is.
document.addEventListener("click", (event) => {
  const button = event.target.closest('button[formtarget="preview"]');
  if (!button) return;
  for (const other of document.querySelectorAll('button[formtarget="preview"]')) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  document.querySelector('iframe[name="preview"]').dataset.look = button.value;
});

// A text message is counted as it is written: the preview follows, once the writer pauses.
let pause;
document.addEventListener("input", (event) => {
  if (!event.target.matches("#id_content_body")) return;
  clearTimeout(pause);
  pause = setTimeout(() => document.querySelector('button[formtarget="preview"]')?.click(), 700);
});
