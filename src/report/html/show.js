"use strict";

/* The contents of the page, and how texts and numbers become elements. Texts are put in as text, never as markup. */

const data = JSON.parse(document.getElementById("data").textContent);

/* Characters that would act instead of being seen: controls, and those that turn the direction of writing. */
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/* An element with these attributes and children. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  return put(made, children);
}

/* Appends one by one: there may be more than a call has room for. */
function put(parent, children) {
  for (const child of children) if (child !== null && child !== undefined) parent.append(child);
  return parent;
}

/* A text as nodes, in which controls are named instead of obeyed. */
function nodes(text) {
  const made = [];
  let at = 0;
  for (const found of text.matchAll(CONTROLS)) {
    if (found.index > at) made.push(text.slice(at, found.index));
    made.push(element("span", { class: "control" }, "U+" + found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")));
    at = found.index + found[0].length;
  }
  if (at < text.length) made.push(text.slice(at));
  return made;
}

/* A short text whose direction is its own. */
function words(text, name = "bdi") {
  return put(element(name), nodes(text));
}

const digits = new Intl.NumberFormat("en");

function count(number) {
  return digits.format(number);
}

function plural(number, noun) {
  return count(number) + " " + noun + (number === 1 ? "" : "s");
}

/* Tenths of a percent; only 1 is 100 %, and only 0 is 0 %. */
function percent(tenths) {
  if (tenths === 999.5) return ">99.9 %";
  if (tenths === 0.5) return "<0.1 %";
  return (tenths / 10).toFixed(1) + " %";
}

/* A part of a whole, as counted. */
function share(part, whole) {
  if (whole === 0) return percent(0);
  const tenths = Math.round((part / whole) * 1000);
  if (tenths === 1000 && part < whole) return percent(999.5);
  if (tenths === 0 && part > 0) return percent(0.5);
  return percent(tenths);
}

const articles = data.articles.map(([id, title, publisher, date, length, url]) => ({
  id,
  title,
  publisher: publisher === null ? null : data.publishers[publisher],
  date,
  day: date === null ? null : date.slice(0, 10),
  words: length,
  url,
}));
articles.forEach((article, number) => { article.text = data.texts[number]; });

const pairs = data.pairs.map(([a, b, relation, jaccard, containment, coverage, view]) => ({
  a: articles[a],
  b: articles[b],
  relation: relation === null ? "none" : data.relations[relation],
  jaccard,
  containment,
  coverage,
  view: view === null ? null : data.views[view],
}));

const clusters = data.clusters.map(([number, representative, members]) => ({
  number,
  representative: articles[representative],
  members: members.map(([article, relation, jaccard, containment, coverage]) => ({
    article: articles[article],
    relation: data.relations[relation],
    jaccard,
    containment,
    coverage,
  })),
}));

/* What an article is called in a list: its title if it has one, then what else is known. */
function title(article) {
  return words(article.title || article.id);
}

function origin(article) {
  const known = [article.title ? article.id : null, article.publisher, article.day, plural(article.words, "word")];
  const made = element("small", { class: "origin" });
  known.filter((one) => one !== null).forEach((one, at) => made.append(at ? " · " : "", words(one)));
  return made;
}

function relation(name) {
  return element("span", { class: "relation r-" + name }, name);
}

/* A link to a pair that survives a reload. */
function link(pair) {
  return "#pair=" + encodeURIComponent(pair.a.id) + "&with=" + encodeURIComponent(pair.b.id);
}
