/* Lists of any length: only the rows in sight are elements. Above a list stands what it is filtered and sorted by. */

/* Rows of a list on paper. */
const PRINTED = 200;

class List {
  /* `kind` says how items are searched, filtered, sorted and shown. */
  constructor(place, kind, items) {
    this.kind = kind;
    this.all = items;
    this.found = items;
    this.count = element("p", { class: "count", role: "status" });
    this.inner = element("div", { role: "list" });
    this.rows = element("div", { class: "rows", tabindex: "0", role: "region", "aria-label": "list of " + kind.name }, this.inner);
    this.rows.addEventListener("scroll", () => this.draw());
    window.addEventListener("beforeprint", () => this.draw(PRINTED));
    window.addEventListener("afterprint", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.rows);
    place.replaceChildren(...(kind.filters ? [this.form()] : []), this.count, this.rows);
    this.filter();
  }

  form() {
    const kind = this.kind;
    const field = (label, control, wide) => element("label", wide ? { class: "search" } : {}, label, control);
    const options = (values) => values.map(([value, text]) => element("option", { value }, text));
    const relations = [["", "all"], ...data.relations.map((name) => [name, name])];
    const list = element("datalist", { id: kind.name + "-publishers" }, ...data.publishers.map((name) => element("option", { value: name })));
    this.search = element("input", { type: "search", name: "search" });
    this.relation = element("select", { name: "relation" }, ...options(relations));
    this.least = element("input", { type: "number", name: "least", min: "0", max: "100", step: "0.1", value: "0" });
    this.publisher = element("input", { name: "publisher", list: list.id });
    this.from = element("input", { type: "date", name: "from" });
    this.to = element("input", { type: "date", name: "to" });
    this.order = element("select", { name: "order" }, ...options(kind.orders.map(([text], at) => [at, text])));
    const form = element(
      "form",
      { class: "filters", "aria-label": "Filter " + kind.name },
      field("search ids and titles", this.search, true),
      field("relation", this.relation),
      field(kind.least + " at least, %", this.least),
      data.publishers.length ? field("publisher", this.publisher) : null,
      list,
      field("from", this.from),
      field("to", this.to),
      field("sort by", this.order),
      element("button", { type: "reset" }, "Reset"),
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => this.filter());
    form.addEventListener("reset", () => setTimeout(() => this.filter()));
    return form;
  }

  filter() {
    if (this.kind.filters) {
      const wanted = this.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      const least = Number(this.least.value) * 10;
      const [relation, from, to] = [this.relation.value, this.from.value, this.to.value];
      const publisher = this.publisher.value.trim().toLowerCase();
      const dated = (article) => article.day !== null && (!from || article.day >= from) && (!to || article.day <= to);
      this.found = this.all.filter((item) => {
        const facts = this.kind.facts(item);
        return (
          facts.overlap >= least &&
          (!relation || facts.relations.includes(relation)) &&
          (!publisher || facts.articles.some((article) => article.publisher?.toLowerCase().includes(publisher))) &&
          (!(from || to) || facts.articles.some(dated)) &&
          wanted.every((word) => facts.articles.some((article) => haystack(article).includes(word)))
        );
      });
      const by = this.kind.orders[Number(this.order.value)][1];
      if (by) this.found.sort(by);
    }
    const some = this.found.length === this.all.length ? "" : count(this.found.length) + " of ";
    const none = this.found.length || !this.all.length ? "" : "; nothing is like that";
    this.count.textContent = some + plural(this.all.length, this.kind.noun) + none;
    this.rows.hidden = !this.found.length;
    this.rows.scrollTop = 0;
    this.first = this.last = -1;
    this.draw();
  }

  /* Gives the focus back to the row that was left. */
  returned(address) {
    const row = [...this.inner.querySelectorAll("a")].find((one) => one.getAttribute("href") === address);
    if (row) row.focus({ preventScroll: true });
  }

  /* Makes the rows in sight, or so many from the first. */
  draw(printed) {
    if (!this.rows.clientHeight) return;
    const height = Number(getComputedStyle(this.rows).getPropertyValue("--row"));
    const first = printed ? 0 : Math.max(0, Math.floor(this.rows.scrollTop / height) - 4);
    const end = printed || Math.ceil((this.rows.scrollTop + this.rows.clientHeight) / height) + 4;
    const last = Math.min(this.found.length, end);
    this.inner.style.height = this.found.length * height + "px";
    if (first === this.first && last === this.last && height === this.height) return;
    Object.assign(this, { first, last, height });
    const hadFocus = this.inner.contains(document.activeElement);
    const focused = hadFocus ? document.activeElement.getAttribute("href") : null;
    const rows = this.found.slice(first, last).map((item, at) => {
      const row = element(
        "div",
        { class: "row", role: "listitem", "aria-setsize": this.found.length, "aria-posinset": first + at + 1 },
        ...this.kind.row(item),
      );
      row.style.top = (first + at) * height + "px";
      return row;
    });
    this.inner.replaceChildren(...rows);
    if (printed && last < this.found.length) {
      this.inner.append(element("p", { role: "listitem" }, `… and ${count(this.found.length - last)} more, which are not printed.`));
    }
    if (hadFocus) {
      const same = [...this.inner.querySelectorAll("a")].find((one) => one.getAttribute("href") === focused);
      (same || this.rows).focus({ preventScroll: true });
    }
  }
}

/* What an article is searched by. */
function haystack(article) {
  if (article.haystack === undefined) article.haystack = (article.id + "\n" + (article.title || "")).toLowerCase();
  return article.haystack;
}

function numbers(...rows) {
  const made = element("span", { class: "numbers" });
  rows.forEach(([name, value]) => made.append(element("span", {}, name), element("span", {}, value)));
  return made;
}

function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

function earliest(...some) {
  return some.map((article) => article.date).filter(Boolean).sort()[0] || "9999";
}

const strongest = (pair) => Math.max(...pair.coverage);

const PAIRS = {
  name: "pairs",
  noun: "pair",
  least: "overlap",
  filters: true,
  facts: (pair) => ({ overlap: strongest(pair), relations: [pair.relation], articles: [pair.a, pair.b] }),
  orders: [
    ["overlap", null],
    ["Jaccard", (one, other) => other.jaccard - one.jaccard],
    ["least overlap", (one, other) => strongest(one) - strongest(other)],
    ["date", (one, other) => compare(earliest(one.a, one.b), earliest(other.a, other.b))],
    ["words", (one, other) => other.a.words + other.b.words - one.a.words - one.b.words],
  ],
  row: (pair) => [
    element("span", {}, relation(pair.relation), pair.view ? null : element("small", {}, " texts not here")),
    numbers(["A ⊂ B", percent(pair.coverage[0])], ["B ⊂ A", percent(pair.coverage[1])], ["Jaccard", percent(pair.jaccard)]),
    element(
      "span",
      { class: "titles" },
      element("a", { href: link(pair) }, element("span", {}, "A: ", title(pair.a)), element("span", {}, "B: ", title(pair.b))),
      element("small", {}, "A: ", origin(pair.a)),
      element("small", {}, "B: ", origin(pair.b)),
    ),
  ],
};

const least = (cluster) => (cluster.least ??= cluster.members.reduce((least, member) => Math.min(least, member.jaccard), 1000));

const CLUSTERS = {
  name: "clusters",
  noun: "cluster",
  least: "Jaccard",
  filters: true,
  facts: (cluster) => ({
    overlap: least(cluster),
    relations: cluster.members.map((member) => member.relation),
    articles: [cluster.representative, ...cluster.members.map((member) => member.article)],
  }),
  orders: [
    ["place in the input", null],
    ["size", (one, other) => other.members.length - one.members.length],
    ["least Jaccard", (one, other) => least(one) - least(other)],
    ["date", (one, other) => compare(earliest(one.representative), earliest(other.representative))],
  ],
  row: (cluster) => {
    const names = new Set([cluster.representative, ...cluster.members.map((one) => one.article)].map((one) => one.publisher));
    names.delete(null);
    const shown = [...names].slice(0, 6);
    const publishers = element("small");
    shown.forEach((name, at) => publishers.append(at ? ", " : "", words(name)));
    if (names.size > shown.length) publishers.append(` and ${count(names.size - shown.length)} more`);
    return [
      element("strong", {}, plural(cluster.members.length + 1, "article")),
      numbers(["least Jaccard", percent(least(cluster))]),
      element(
        "span",
        { class: "titles" },
        element("a", { href: "#cluster=" + cluster.number }, title(cluster.representative)),
        origin(cluster.representative),
        publishers,
      ),
    ];
  },
};

/* The members of one cluster. */
function members(cluster) {
  return {
    name: "members",
    noun: "member",
    row: (member) => {
      const pair = between(member.article, cluster.representative);
      return [
        element("span", {}, relation(member.relation)),
        numbers(
          ["words in it", percent(member.coverage)],
          ["shingles in it", percent(member.containment)],
          ["Jaccard", percent(member.jaccard)],
        ),
        element(
          "span",
          { class: "titles" },
          pair ? element("a", { href: link(pair) }, title(member.article)) : element("span", {}, title(member.article)),
          origin(member.article),
        ),
      ];
    },
  };
}

/* The listed pair of two articles. */
function between(one, other) {
  if (!between.known) between.known = new Map(pairs.map((pair) => [link(pair), pair]));
  return between.known.get(link({ a: one, b: other })) || between.known.get(link({ a: other, b: one }));
}
