// Several long fields share one place: a tab for each (WAI-ARIA tabs; arrows move between them).

export function tabs(editors) {
  if (editors.length < 2) return () => {};
  const list = document.createElement("div");
  list.className = "wm-tabs";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Parts of the message");
  const entries = editors.map((editor) => entry(editor, list));
  entries[0].row.before(list);

  function choose(name, focus = false) {
    if (!entries.some((one) => one.editor.name === name)) return;
    for (const { editor, tab, row } of entries) {
      const chosen = editor.name === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      row.hidden = !chosen;
      if (chosen) editor.view.requestMeasure();
      if (chosen && focus) tab.focus();
    }
  }

  list.addEventListener("click", (event) => choose(event.target.closest("[role=tab]")?.dataset.field));
  list.addEventListener("keydown", (event) => {
    const at = entries.findIndex(({ tab }) => tab === document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    choose(entries[(to + entries.length) % entries.length].editor.name, true);
  });
  const wrong = entries.find(({ row }) => row.querySelector(".errorlist"));
  const filled = entries.find(({ editor }) => editor.control.value.trim());
  choose((wrong || filled || entries[0]).editor.name);
  return choose;
}

function entry(editor, list) {
  const row = editor.control.closest(".form-row") || editor.frame.parentElement;
  const tab = document.createElement("button");
  tab.type = "button";
  tab.className = "wm-tab";
  tab.textContent = editor.label;
  tab.dataset.field = editor.name;
  tab.id = `tab_${editor.name}`;
  row.id ||= `panel_${editor.name}`;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", row.id);
  row.setAttribute("role", "tabpanel");
  row.setAttribute("aria-labelledby", tab.id);
  row.classList.add("wm-panel");
  list.append(tab);
  return { editor, tab, row };
}
