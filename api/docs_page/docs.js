// Draws /openapi.json of this daemon: by resource, each operation opened when it is asked for. Whatever comes
// from the document is set as text, never as markup.
"use strict";

const SCHEMAS = "#/components/schemas/";
const METHODS = ["get", "post", "put", "patch", "delete"];
// How much a role may do, as bars: the word is beside it.
const ROLES = ["anyone", "viewer", "operator", "author", "admin"];

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  for (const child of children) if (child !== null && child !== undefined) node.append(child);
  return node;
}

// Text with `code` in it, as the document writes it.
function prose(text) {
  return (text || "").split(/(`[^`]+`)/).filter(Boolean)
    .map((piece) => (piece[0] === "`" ? make("code", {}, piece.slice(1, -1)) : piece));
}

function resolve(api, node) {
  while (node && node.$ref && !node.$ref.startsWith(SCHEMAS)) {
    node = node.$ref.slice(2).split("/").reduce((at, key) => at && at[key], api);
  }
  return node;
}

function nameOf(schema) {
  return schema && schema.$ref && schema.$ref.startsWith(SCHEMAS) ? schema.$ref.slice(SCHEMAS.length) : null;
}

function operationsOf(api) {
  const out = [];
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS) {
      if (item[method]) out.push({ path, method: method.toUpperCase(), ...item[method] });
    }
  }
  return out;
}

// A type in a few words, with links to named schemas.
function typeWords(schema) {
  if (schema === undefined || schema === true) return ["any"];
  const name = nameOf(schema);
  if (name) return [make("a", { href: `#schema-${name}` }, name)];
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return choices.flatMap((one, i) => (i ? [" | ", ...typeWords(one)] : typeWords(one)));
  if ("const" in schema) return [JSON.stringify(schema.const)];
  if (schema.enum) return [schema.enum.map((word) => (word === null ? "null" : String(word))).join(" | ")];
  const types = [].concat(schema.type || (schema.properties ? "object" : "any"));
  return types.flatMap((type, i) => {
    let words = [type];
    if (type === "array") words = ["[", ...typeWords(schema.items), "]"];
    else if (type === "object" && schema.additionalProperties && schema.additionalProperties !== true) {
      words = ["{", ...typeWords(schema.additionalProperties), "}"];
    } else if (type === "string" && schema.format) words = [schema.format];
    else if (type === "integer" && "minimum" in schema && "maximum" in schema && schema.maximum < 1e9) {
      words = [`integer ${schema.minimum}–${schema.maximum}`];
    }
    return i ? [" | ", ...words] : words;
  });
}

function row(name, must, schema, words, where) {
  const byDefault = schema && schema.default !== undefined ? ` = ${JSON.stringify(schema.default)}` : "";
  const mark = must ? make("span", { class: "must", title: "required" }, "required") : null;
  const place = where ? make("span", { class: "where" }, ` ${where}`) : null;
  return make("tr", {}, make("th", { scope: "row" }, make("code", {}, name), mark, place),
    make("td", { class: "type" }, ...typeWords(schema), byDefault),
    make("td", { class: "words" }, ...prose(words || (schema && schema.description))));
}

function fields(api, schema, bodyOnly) {
  const name = nameOf(schema);
  const full = name ? api.components.schemas[name] : schema;
  if (!full || !full.properties) return null;
  const required = full.required || [];
  const rows = Object.entries(full.properties)
    .map(([key, value]) => row(key, bodyOnly && required.includes(key), value));
  return make("div", { class: "fields scroll" }, make("table", {}, make("tbody", {}, ...rows)));
}

// The least body that fits; one optional member where nothing is required.
function example(api, schema, depth = 0) {
  const name = nameOf(schema);
  const full = name ? api.components.schemas[name] : schema || {};
  if (full.examples) return full.examples[0];
  if ("const" in full) return full.const;
  if (full.default !== undefined) return full.default;
  if (full.enum) return full.enum[0];
  if (full.anyOf) return example(api, full.anyOf[0], depth + 1);
  const type = [].concat(full.type)[0];
  if (full.properties && depth < 3) {
    const keys = full.required && full.required.length ? full.required : Object.keys(full.properties).slice(0, 1);
    return Object.fromEntries(keys.map((key) => [key, example(api, full.properties[key], depth + 1)]));
  }
  if (type === "array") return [];
  if (type === "object") return {};
  if (type === "integer" || type === "number") return Math.max(full.minimum || 0, 1);
  if (type === "boolean") return true;
  if (full.format === "date-time") return "2001-01-05T00:00:00Z";
  return "…";
}

function curl(api, operation) {
  const parts = ["curl"];
  if (operation["x-permission"] !== "anyone") parts.push('-H "Authorization: Bearer $TOKEN"');
  if (operation.method !== "GET") parts.push(`-X ${operation.method}`);
  const content = operation.requestBody && operation.requestBody.content;
  if (content && content["application/json"]) {
    const body = JSON.stringify(example(api, content["application/json"].schema));
    parts.push("-H 'Content-Type: application/json'", `-d '${body.replaceAll("'", "'\\''")}'`);
  } else if (content) {
    parts.push(`-H 'Content-Type: ${Object.keys(content)[0]}'`, "--data-binary @dag.yaml");
  }
  parts.push(`'${location.origin}${operation.path}'`);
  return parts.join(" ");
}

function role(word) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("width", "13");
  svg.setAttribute("height", "10");
  svg.setAttribute("aria-hidden", "true");
  for (let i = 1; i < ROLES.length; ++i) {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const height = 1 + i * 2;
    const facts = { x: (i - 1) * 3.5, y: 10 - height, width: 2.5, height, fill: "currentColor",
      opacity: ROLES.indexOf(word) >= i ? 1 : 0.22 };
    for (const [name, value] of Object.entries(facts)) bar.setAttribute(name, String(value));
    svg.append(bar);
  }
  return make("span", { class: "role", title: word === "anyone" ? "open" : `needs the role ${word}` }, svg, word);
}

function path(text) {
  const pieces = text.split(/(\{[^}]*\})/).filter(Boolean);
  return make("span", { class: "path" }, ...pieces.map((piece) => (piece[0] === "{" ? make("i", {}, piece) : piece)));
}

function answers(api, operation) {
  const list = make("dl", { class: "answers" });
  const refusals = [];
  for (const [status, found] of Object.entries(operation.responses)) {
    if (status >= "400") {
      refusals.push(status);
      continue;
    }
    const media = Object.entries(resolve(api, found).content || {});
    const said = make("dd", {});
    if (!media.length) said.append(resolve(api, found).description);
    media.forEach(([type, { schema }], i) => {
      said.append(i ? ", " : "", ...(type === "application/json" ? typeWords(schema) : [type]));
    });
    const json = media.find(([type]) => type === "application/json");
    const table = json && fields(api, json[1].schema, false);
    if (table) said.append(table);
    list.append(make("dt", {}, status), said);
  }
  const words = refusals.map((status) => {
    const { description } = resolve(api, operation.responses[status]);
    return make("span", { title: description }, `${status} `);
  });
  list.append(make("dt", { class: "bad" }, "4xx"), make("dd", {},
    make("a", { href: "#schema-Problem" }, "Problem"), ": ", make("span", { class: "mono where" }, ...words)));
  return list;
}

function bodyOf(api, operation) {
  const out = make("div", { class: "body" });
  if (operation.description) out.append(make("p", {}, ...prose(operation.description)));
  const parameters = operation.parameters || [];
  if (parameters.length) {
    const rows = parameters.map((one) => row(one.name, one.required, one.schema, one.description, one.in));
    out.append(make("h3", {}, "Parameters"),
      make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...rows))));
  }
  if (operation.requestBody) {
    const [type, { schema }] = Object.entries(operation.requestBody.content)[0];
    const title = make("h3", {}, "Body: ", ...typeWords(schema), ` as ${type}`,
      operation.requestBody.required ? "" : ", may be left out");
    out.append(title, fields(api, schema, true) || "");
  }
  out.append(make("h3", {}, "Answers"), answers(api, operation), make("h3", {}, "Try it"));
  const line = curl(api, operation);
  const copy = make("button", { class: "plain copy", type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(line);
    copy.textContent = "Copied";
  });
  out.append(make("div", { class: "try" }, make("pre", {}, line), copy));
  return out;
}

function operationCard(api, operation) {
  const details = make("details", { class: "operation", id: operation.operationId },
    make("summary", {}, make("span", { class: `verb ${operation.method}` }, operation.method),
      make("span", { class: "line" }, path(operation.path), make("span", { class: "summary" }, operation.summary)),
      role(operation["x-permission"])));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(bodyOf(api, operation));
  });
  details.words = `${operation.method} ${operation.path} ${operation.summary} ${operation.operationId} `
    + `${operation["x-permission"]}`;
  return details;
}

function schemaCard(api, name, schema) {
  const details = make("details", { class: "schema", id: `schema-${name}` },
    make("summary", {}, make("span", {}, make("code", {}, name),
      make("span", { class: "words" }, ...prose(schema.description)))));
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    const { description, ...plain } = schema;
    details.append(make("div", { class: "body" }, fields(api, schema, true)
      || make("p", { class: "type" }, ...typeWords(plain), schema.pattern ? `  ${schema.pattern}` : "")));
  });
  details.words = `schema ${name}`;
  return details;
}

function draw(api) {
  document.getElementById("version").textContent = `${api.info.version} · OpenAPI ${api.openapi}`;
  const main = document.getElementById("main");
  const nav = document.getElementById("nav");
  const operations = operationsOf(api);
  document.getElementById("state").remove();
  main.append(make("p", { class: "lead" }, api.info.description),
    make("p", { class: "roles" }, "Each role may do what the ones before it may:", ...ROLES.map(role)));
  for (const tag of api.tags) {
    const own = operations.filter((one) => one.tags[0] === tag.name);
    const list = make("ul", {});
    for (const one of own) {
      const link = make("a", { href: `#${one.operationId}` },
        make("span", { class: `verb ${one.method}` }, one.method), one.summary);
      list.append(make("li", {}, link));
    }
    nav.append(make("h2", {}, tag.name), list);
    main.append(make("section", {}, make("h2", {}, tag.name), make("p", { class: "about" }, tag.description),
      ...own.map((one) => operationCard(api, one))));
  }
  const schemas = Object.entries(api.components.schemas).map(([name, schema]) => schemaCard(api, name, schema));
  main.append(make("section", {}, make("h2", {}, "Schemas"),
    make("p", { class: "about" }, "What bodies and answers are made of."), ...schemas));
}

function openHash() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.getAttribute("href") === location.hash;
    if (here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    if (here) link.scrollIntoView({ block: "nearest" });
  }
  if (!target || target.tagName !== "DETAILS") return;
  target.open = true;
  target.scrollIntoView();
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const card of document.querySelectorAll(".operation, .schema")) {
    card.hidden = !words.every((word) => card.words.toLowerCase().includes(word));
  }
  for (const section of document.querySelectorAll("main section")) {
    section.hidden = !section.querySelector("details:not([hidden])");
  }
  for (const item of document.querySelectorAll("nav li")) {
    const card = document.getElementById(item.firstChild.getAttribute("href").slice(1));
    item.hidden = card.hidden;
  }
  for (const list of document.querySelectorAll("nav ul")) {
    list.hidden = list.previousSibling.hidden = !list.querySelector("li:not([hidden])");
  }
}

function theme() {
  const button = document.getElementById("theme");
  const light = matchMedia("(prefers-color-scheme: light)");
  const now = () => document.documentElement.dataset.theme || (light.matches ? "light" : "dark");
  const say = () => { button.textContent = now() === "light" ? "Dark" : "Light"; };
  const kept = localStorage.getItem("millrace-theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
  button.addEventListener("click", () => {
    const next = now() === "light" ? "dark" : "light";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("millrace-theme", next);
    say();
  });
  light.addEventListener("change", say);
  say();
}

async function start() {
  theme();
  const input = document.getElementById("filter");
  input.addEventListener("input", () => filter(input.value));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target === input || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    input.focus();
  });
  addEventListener("hashchange", openHash);
  try {
    const answer = await fetch("/openapi.json", { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`/openapi.json answers ${answer.status}`);
    draw(await answer.json());
    openHash();
  } catch (error) {
    const state = document.getElementById("state");
    if (!state) throw error;
    state.className = "trouble";
    state.textContent = `The document can't be read: ${error.message}. Are you still logged in?`;
  }
}

start();
