// An editor in place of a textarea or a line of text. The field stays in the form and always holds what the editor holds.
import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration, EditorView, MatchDecorator, ViewPlugin, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap,
  lineNumbers,
} from "@codemirror/view";
import { colours, language } from "./language.js";

const signs = StateEffect.define();
const foreignSigns = StateField.define({
  create: () => "",
  update: (value, change) => change.effects.reduce((old, effect) => (effect.is(signs) ? effect.value : old), value),
});

// The characters that make a text message dearer, marked where they stand.
const foreignMarks = ViewPlugin.define(
  (view) => ({
    of: "",
    decorations: Decoration.none,
    update({ view, docChanged, viewportChanged, state }) {
      const wanted = state.field(foreignSigns);
      if (!docChanged && !viewportChanged && wanted === this.of) return;
      this.of = wanted;
      this.decorations = wanted ? marker(wanted).createDeco(view) : Decoration.none;
    },
  }),
  { decorations: (plugin) => plugin.decorations },
);

function marker(wanted) {
  const any = [...wanted].map((sign) => `\\u{${sign.codePointAt(0).toString(16)}}`).join("");
  return new MatchDecorator({ regexp: new RegExp(`[${any}]`, "gu"), decoration: Decoration.mark({ class: "wm-foreign" }) });
}

const oneLine = [
  EditorState.transactionFilter.of((change) => (change.newDoc.lines > 1 ? [] : change)),
  keymap.of([{ key: "Enter", run: submit }]),
  EditorView.clipboardInputFilter.of((text) => text.replace(/\s*\n\s*/g, " ")),
];

function submit(view) {
  view.dom.closest("form").requestSubmit();
  return true;
}

const manyLines = [
  lineNumbers(), foldGutter(), lintGutter(), highlightActiveLine(), highlightActiveLineGutter(), indentOnInput(),
  keymap.of([...foldKeymap, ...lintKeymap, ...searchKeymap, indentWithTab]), search({ top: true }), highlightSelectionMatches(),
];

export function edit(control, field, changed) {
  const many = control instanceof HTMLTextAreaElement;
  if (!many && !(control instanceof HTMLInputElement && control.type === "text")) return null;
  if (control.readOnly || control.disabled) return null;

  const view = new EditorView({
    doc: control.value,
    extensions: [
      history(), drawSelection(), bracketMatching(), closeBrackets(), autocompletion({ icons: false }),
      keymap.of([{ key: "Tab", run: acceptCompletion }, ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap]),
      many ? manyLines : oneLine,
      keymap.of(defaultKeymap),
      EditorView.lineWrapping, language(field.mode), colours, foreignSigns, foreignMarks,
      EditorView.contentAttributes.of(attributes(control, field, many)),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        control.value = view.state.doc.toString();
        control.dispatchEvent(new Event("input", { bubbles: true }));
        changed();
      }),
    ],
  });
  const frame = document.createElement("div");
  frame.className = `wm-editor ${many ? "wm-editor-many" : "wm-editor-one"}`;
  frame.dataset.field = field.name;
  frame.append(view.dom);
  if (many) frame.append(hint(field));
  control.after(frame);
  control.hidden = true;
  document.querySelector(`label[for="${control.id}"]`)?.addEventListener("click", (event) => {
    event.preventDefault();
    view.focus();
  });
  return { ...field, many, view, frame, control, ...verbs(view) };
}

function attributes(control, field, many) {
  const found = { "aria-label": field.label, "aria-multiline": String(many), spellcheck: String(field.mode === "text"), autocapitalize: "off", tabindex: "0" };
  const described = [control.getAttribute("aria-describedby"), many && `hint_${field.name}`].filter(Boolean).join(" ");
  if (described) found["aria-describedby"] = described;
  if (control.getAttribute("aria-invalid")) found["aria-invalid"] = "true";
  return found;
}

function hint(field) {
  const found = document.createElement("p");
  found.className = "wm-editor-hint";
  found.id = `hint_${field.name}`;
  for (const [keys, does] of [["Tab", "indents"], ["Esc then Tab", "leaves the editor"], ["Ctrl Space", "completes"], ["F8", "next problem"]]) {
    const key = document.createElement("kbd");
    key.textContent = keys;
    found.append(key, ` ${does} `);
  }
  return found;
}

function verbs(view) {
  const ends = (number) => view.state.doc.line(Math.min(Math.max(number, 1), view.state.doc.lines));
  return {
    go(line) {
      const { from, to } = line ? ends(line) : view.state.selection.main;
      const effects = EditorView.scrollIntoView(from, { y: "center" });
      view.dispatch({ selection: { anchor: from, head: line ? to : from }, effects });
      view.focus();
      view.dom.scrollIntoView({ block: "nearest" });
    },
    mark(problems) {
      const found = problems.filter((problem) => problem.line).map((problem) => {
        const { from, to } = ends(problem.line);
        const severity = problem.severity === "block" ? "error" : "warning";
        return { from, to, severity, message: problem.sentence };
      });
      view.dispatch(setDiagnostics(view.state, found));
    },
    foreign(found) {
      const wanted = found.join("");
      if (wanted !== view.state.field(foreignSigns)) view.dispatch({ effects: signs.of(wanted) });
    },
    replace(from, to) {
      const changes = [];
      const text = view.state.doc.toString();
      for (let at = text.indexOf(from); at >= 0; at = text.indexOf(from, at + from.length)) {
        changes.push({ from: at, to: at + from.length, insert: to });
      }
      view.dispatch({ changes });
      view.focus();
    },
  };
}
