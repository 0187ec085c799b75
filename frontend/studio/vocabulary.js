// What may be written: variables, blocks, Liquid's tags and filters as the server knows them, and the tags of MJML.
import { liquidCompletionSource } from "@codemirror/lang-liquid";

const known = { tags: new Set(), filters: new Set(), variables: [], blocks: [] };

export function learn({ tags, filters, variables, blocks }) {
  if (tags) known.tags = new Set(tags);
  if (filters) known.filters = new Set(filters);
  if (variables) known.variables = variables;
  if (blocks) known.blocks = blocks;
}

const ICON = { text: "text", number: "number", money: "number", list: "array" };

function part(name, detail, info) {
  return { label: name, type: "property", detail, info: info || undefined };
}

// What stands behind the dots: `contact` → first_name, email …
function properties(path) {
  if (path.length === 1 && path[0] === "blocks") return known.blocks.map((block) => part(block.key, block.name));
  const start = `${path.join(".")}.`;
  const found = new Map();
  for (const variable of known.variables) {
    if (!variable.name.startsWith(start)) continue;
    const [name, ...rest] = variable.name.slice(start.length).split(".");
    const sample = variable.sample ? `For example ${variable.sample}` : "";
    if (!found.has(name)) found.set(name, rest.length ? part(name, "…") : part(name, ICON[variable.type] && variable.type, sample));
  }
  return [...found.values()];
}

function roots() {
  const names = new Map();
  for (const { name, type } of known.variables) {
    const [root, ...rest] = name.split(".");
    names.set(root, { label: root, type: "variable", detail: rest.length ? "…" : type, boost: 10 });
  }
  if (known.blocks.length) names.set("blocks", { label: "blocks", type: "variable", detail: "…", boost: 10 });
  return [...names.values()];
}

// CodeMirror's own list has tags and filters that the server does not know; it also lacks some that it does.
export function complete(context) {
  const source = liquidCompletionSource({
    variables: roots(),
    properties,
    tags: [...known.tags].map((label) => ({ label, type: "keyword" })),
    filters: [...known.filters].map((label) => ({ label, type: "function" })),
  });
  const found = source(context);
  if (!found) return null;
  const seen = new Set();
  const options = found.options.filter(({ label, type }) => {
    if (seen.has(label)) return false;
    seen.add(label);
    return type !== "function" || known.filters.has(label);
  });
  return { ...found, options: options.filter(({ label }) => label !== "render" && label !== "include") };
}

const sides = ["padding", "padding-top", "padding-right", "padding-bottom", "padding-left"];
const paint = ["background-color", "css-class", ...sides];
const type = ["color", "font-family", "font-size", "font-weight", "line-height", "letter-spacing", "align", "height"];
const border = ["border", "border-radius"];
const MJML = {
  mjml: ["lang", "dir"],
  "mj-head": [], "mj-body": ["width", "background-color"], "mj-attributes": [], "mj-all": type, "mj-class": ["name", ...type],
  "mj-title": [], "mj-preview": [], "mj-style": ["inline"], "mj-font": ["name", "href"], "mj-breakpoint": ["width"],
  "mj-html-attributes": [],
  "mj-wrapper": [...paint, ...border, "full-width", "text-align"],
  "mj-section": [...paint, ...border, "full-width", "direction", "text-align", "background-url", "background-size"],
  "mj-group": ["width", "vertical-align", "background-color", "direction"],
  "mj-column": [...paint, ...border, "width", "vertical-align"],
  "mj-text": [...paint, ...type],
  "mj-button": [...paint, ...type, ...border, "href", "inner-padding", "rel", "target", "title", "width"],
  "mj-image": [...paint, ...border, "src", "alt", "href", "width", "height", "align", "fluid-on-mobile", "title", "srcset"],
  "mj-divider": ["border-color", "border-style", "border-width", "width", ...sides],
  "mj-spacer": ["height", ...sides], "mj-raw": [], "mj-table": [...paint, ...type, "cellpadding", "cellspacing", "width"],
  "mj-hero": ["mode", "height", "background-url", "background-color", "background-width", "background-height", "vertical-align"],
  "mj-navbar": ["align", "base-url", "hamburger"], "mj-navbar-link": ["href", ...type],
  "mj-social": ["mode", "align", "icon-size", ...type], "mj-social-element": ["name", "href", "src", "alt"],
  "mj-accordion": paint, "mj-accordion-element": [], "mj-accordion-title": type, "mj-accordion-text": type,
  "mj-carousel": ["thumbnails", "align"], "mj-carousel-image": ["src", "alt", "href"],
};

export const mjmlTags = Object.fromEntries(
  Object.entries(MJML).map(([tag, names]) => [tag, { attrs: Object.fromEntries(names.map((name) => [name, null])) }]),
);
