// The languages of a field: HTML or MJML or plain words, each with Liquid in it.
import { html } from "@codemirror/lang-html";
import { closePercentBrace, liquid } from "@codemirror/lang-liquid";
import { HighlightStyle, LanguageSupport, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";
import { complete, mjmlTags } from "./vocabulary.js";

const plain = new LanguageSupport(
  StreamLanguage.define({
    token(stream) {
      stream.skipToEnd();
      return null;
    },
  }),
);

export function language(mode) {
  const bases = {
    mjml: () => html({ extraTags: mjmlTags, selfClosingTags: true }),
    html: () => html(),
    text: () => plain,
  };
  const base = bases[mode]();
  const found = liquid({ base }).language;
  return new LanguageSupport(found, [
    base.support,
    found.data.of({ autocomplete: complete }),
    base.language.data.of({ closeBrackets: { brackets: ["{"] } }),
    closePercentBrace,
  ]);
}

// Colours are variables of studio.css, so that a change of theme needs no script.
export const colours = syntaxHighlighting(
  HighlightStyle.define(
    [
      [[tags.tagName, tags.angleBracket], "tag"],
      [tags.attributeName, "name"],
      [[tags.attributeValue, tags.string], "value"],
      [[tags.keyword, tags.controlKeyword, tags.definitionKeyword, tags.operatorKeyword, tags.moduleKeyword], "keyword"],
      [[tags.variableName, tags.propertyName], "variable"],
      [tags.function(tags.variableName), "filter"],
      [[tags.number, tags.bool, tags.atom], "number"],
      [[tags.comment, tags.lineComment, tags.blockComment], "comment"],
      [tags.brace, "brace"],
      [tags.invalid, "invalid"],
    ].map(([tag, name]) => ({ tag, color: `var(--wm-code-${name})` })),
  ),
);
