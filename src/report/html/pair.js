/* One pair: the numbers, and both texts with what they share. */

class PairView {
  constructor(place, pair) {
    this.pair = pair;
    this.place = place;
    this.turned = false;
    this.together = true;
    this.current = -1;
    this.show();
  }

  /* The sides as they stand now: number in the pair, name, article. */
  sides() {
    const sides = [
      { side: 0, name: "A", article: this.pair.a },
      { side: 1, name: "B", article: this.pair.b },
    ];
    return this.turned ? sides.reverse() : sides;
  }

  show() {
    const { pair } = this;
    this.panes = [];
    if (!pair.view) {
      const note = element(
        "p",
        { class: "note" },
        "The texts of this pair are not in this page: it holds those of a few pairs, and none that is very long. A page of this pair alone, however long, is made with ",
        element("code", {}, "wirecopy compare A B --html FILE"),
        ".",
        document.getElementById("overview") ? " Its passages are in pairs.jsonl; --report-pairs makes a page with more texts." : null,
      );
      this.place.replaceChildren(this.facts(), note);
      return;
    }
    const panes = this.sides().map((one) => this.pane(one));
    this.panes = panes.map((pane) => pane.querySelector(".text"));
    this.quiet = new Set();
    this.marks = [[], []];
    for (const mark of panes.flatMap((pane) => [...pane.querySelectorAll("mark")])) {
      this.marks[mark.dataset.side][mark.dataset.passage] = mark;
    }
    this.place.replaceChildren(this.facts(), this.tools(), element("div", { class: "sides" }, ...panes));
    this.panes.forEach((pane, at) => pane.addEventListener("scroll", () => this.follow(at)));
  }

  facts() {
    const { pair } = this;
    const view = pair.view;
    const sides = this.sides();
    const row = (name, of) => element("tr", {}, element("th", { scope: "row" }, name), ...sides.map((one) => element("td", {}, of(one))));
    const known = (value) => (value === null || value === undefined ? "not known" : words(value));
    const counted = (part, whole, what) => `${share(part, whole)} (${count(part)} of ${plural(whole, what)})`;
    const covered = ({ side, article }) =>
      view ? counted(view.covered[side], article.words, "word") : percent(pair.coverage[side]);
    const contained = ({ side }) =>
      view ? counted(view.shingles[0], view.shingles[side + 1], "shingle") : percent(pair.containment[side]);
    const jaccard = view
      ? counted(view.shingles[0], view.shingles[1] + view.shingles[2] - view.shingles[0], "shingle")
      : percent(pair.jaccard);
    const across = (name, value) => element("tr", {}, element("th", { scope: "row" }, name), element("td", { colspan: "2" }, value));
    const core = view && view.core;
    const rows = [
      row("id", ({ article }) => words(article.id)),
      row("title", ({ article }) => known(article.title)),
      row("publisher", ({ article }) => known(article.publisher)),
      row("date", ({ article }) => known(article.date)),
      row("url", ({ article }) => known(article.url)),
      row("words", ({ article }) => count(article.words)),
      row("in the other", covered),
      row("containment", contained),
      across("Jaccard", jaccard),
      core
        ? across(
            "without boilerplate",
            `Jaccard ${share(core[0], core[1] + core[2] - core[0])}; ${share(core[0], core[1])} of A’s shingles are in B, ${share(core[0], core[2])} of B’s in A`,
          )
        : null,
      view ? row("SHA-256", ({ article }) => element("span", { class: "hash" }, article.text.sha256)) : null,
    ];
    const head = element(
      "tr",
      {},
      element("th", { scope: "col" }, relation(pair.relation)),
      ...sides.map((one) => element("th", { scope: "col" }, one.name)),
    );
    return element("table", { class: "facts" }, element("thead", {}, head), element("tbody", {}, ...rows.filter(Boolean)));
  }

  tools() {
    const button = (text, action, label) => {
      const made = element("button", { type: "button", "aria-label": label }, text);
      made.addEventListener("click", action);
      return made;
    };
    const together = element("input", { type: "checkbox", id: "together" });
    together.checked = this.together;
    together.addEventListener("change", () => { this.together = together.checked; });
    const passages = this.pair.view.passages;
    this.told = element("span", { role: "status" }, passages.length ? plural(passages.length, "passage") : "no passage in common");
    return element(
      "div",
      { class: "tools" },
      button("⇄ Swap", () => this.swap()),
      button("↑ Previous passage", () => this.step(-1)),
      button("↓ Next passage", () => this.step(1)),
      element("label", {}, together, "scroll together"),
      this.told,
    );
  }

  swap() {
    this.turned = !this.turned;
    this.show();
    if (this.current >= 0) this.reach(this.current, 0, 1);
    this.panes[0]?.focus({ preventScroll: true });
  }

  /* A text with its passages. */
  pane({ side, name, article }) {
    const { passages, edits } = this.pair.view;
    const text = article.text.text;
    const box = element("div", { class: "text", tabindex: "0", role: "region", "aria-label": "Text " + name, dir: "auto" });
    const order = passages.map((_, number) => number).sort((one, other) => passages[one][side * 2] - passages[other][side * 2]);
    let [at, edit] = [0, 0];
    for (const number of order) {
      const [start, end] = passages[number].slice(side * 2, side * 2 + 2);
      put(box, nodes(text.slice(at, Math.max(at, start))));
      while (edit < edits[side].length && edits[side][edit][1] <= at) edit += 1;
      box.append(this.passage(number, side, text, [Math.max(at, start), end], edit));
      at = Math.max(at, end);
    }
    put(box, nodes(text.slice(at)));
    return element("section", { class: "side", "aria-label": name }, element("h3", {}, name + ": ", title(article)), box);
  }

  /* A passage of a text; its edits begin with this one of all. */
  passage(number, side, text, [start, end], edit) {
    const words = this.pair.view.passages[number][4];
    const boilerplate = this.pair.view.passages[number][5];
    const name = side ? "A" : "B";
    const told = `Passage ${number + 1}, ${plural(words, "equal word")}${boilerplate ? `, ${count(boilerplate)} of them boilerplate` : ""}: go to it in ${name}`;
    const jump = element("button", { type: "button", class: "jump", "aria-label": told, title: told }, String(number + 1));
    const made = element("mark", { class: "passage c" + ((number % 6) + 1), "data-passage": number, "data-side": side }, jump);
    let at = start;
    const edits = this.pair.view.edits[side];
    for (; edit < edits.length; edit++) {
      const [from, to] = edits[edit];
      if (from >= end) break;
      if (to <= at) continue;
      put(made, nodes(text.slice(at, from)));
      made.append(put(element(side ? "ins" : "del"), nodes(text.slice(from, to))));
      at = to;
    }
    put(made, nodes(text.slice(at, end)));
    made.addEventListener("click", () => this.twin(number, side));
    return made;
  }

  mark(number, side) {
    return this.marks[side][number];
  }

  /* Goes from a passage to the same one in the other text. */
  twin(number, side) {
    this.reach(number, 1 - side);
    this.mark(number, 1 - side).querySelector(".jump").focus({ preventScroll: true });
  }

  reach(number, ...sides) {
    this.current = number;
    this.place.querySelectorAll(".twin").forEach((one) => one.classList.remove("twin"));
    for (const side of [0, 1]) this.mark(number, side).classList.add("twin");
    for (const side of sides) {
      const mark = this.mark(number, side);
      const pane = mark.closest(".text");
      this.scroll(this.panes.indexOf(pane), mark.offsetTop - pane.clientHeight / 4);
      if (pane.scrollHeight <= pane.clientHeight + 1) mark.scrollIntoView({ block: "nearest" });
    }
    const words = this.pair.view.passages[number][4];
    this.told.textContent = `passage ${number + 1} of ${count(this.pair.view.passages.length)}, ${plural(words, "equal word")}`;
  }

  step(by) {
    const all = this.pair.view.passages.length;
    if (!all) return;
    const focused = document.activeElement.closest("mark");
    const from = focused ? Number(focused.dataset.passage) : this.current;
    this.reach(from < 0 && by < 0 ? all - 1 : (from + by + all) % all, 0, 1);
    if (focused) this.mark(this.current, Number(focused.dataset.side)).querySelector(".jump").focus({ preventScroll: true });
  }

  /* Scrolls the other text so that the same passages stand side by side. */
  follow(at) {
    if (this.quiet.delete(at) || !this.together) return;
    const [here, there] = [this.panes[at], this.panes[1 - at]];
    const sides = this.sides();
    const known = this.pair.view.passages
      .map((_, number) => [this.mark(number, sides[at].side).offsetTop, this.mark(number, sides[1 - at].side).offsetTop])
      .sort((one, other) => one[0] - other[0]);
    const stops = [[0, 0], ...known, [here.scrollHeight, there.scrollHeight]];
    const top = here.scrollTop;
    const next = stops.findIndex(([place]) => place > top);
    const [from, to] = next < 1 ? [stops[stops.length - 1], stops[stops.length - 1]] : [stops[next - 1], stops[next]];
    const part = to[0] > from[0] ? (top - from[0]) / (to[0] - from[0]) : 0;
    this.scroll(1 - at, Math.round(from[1] + part * (to[1] - from[1])));
  }

  /* Scrolls a text so that the other does not follow. Where nothing moves, nothing is heard of it. */
  scroll(at, goal) {
    const pane = this.panes[at];
    const before = pane.scrollTop;
    this.quiet.add(at);
    pane.scrollTop = goal;
    if (pane.scrollTop === before) this.quiet.delete(at);
  }
}
