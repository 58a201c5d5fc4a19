/* Which part of the page is shown: what stands behind # in its address. */

const made = {};

function part(name) {
  return document.getElementById(name);
}

const heading = document.title;

function shown(name) {
  document.title = heading;
  window.scrollTo(0, 0);
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== name;
  const of = { cluster: "clusters", pair: "pairs" }[name] || name;
  for (const one of document.querySelectorAll("nav a")) {
    if (one.getAttribute("href") === "#" + of) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
}

function parts(address) {
  return Object.fromEntries(
    address
      .slice(1)
      .split("&")
      .map((one) => one.split("="))
      .map(([key, ...value]) => {
        try {
          return [key, decodeURIComponent(value.join("="))];
        } catch {
          return [key, ""];
        }
      }),
  );
}

/* Says of what is not here that it is not. */
function missing(what) {
  const note = part("missing");
  note.hidden = !what;
  note.textContent = what ? what + " is not in this page." : "";
}

function route() {
  const asked = parts(location.hash);
  missing();
  if ("pair" in asked) {
    const of = (a, b) => pairs.find((pair) => pair.a.id === a && pair.b.id === b);
    const pair = of(asked.pair, asked.with) || of(asked.with, asked.pair);
    if (pair) {
      shown("pair");
      part("pair-title").replaceChildren(title(pair.a), " and ", title(pair.b));
      document.title = part("pair-title").textContent;
      made.pair = new PairView(part("pair-view"), pair);
      made.left = location.hash;
      part("pair-title").focus({ preventScroll: true });
      return;
    }
  }
  if ("pair" in asked) missing("This pair");
  if ("cluster" in asked && part("cluster")) {
    const cluster = clusters.find((cluster) => cluster.number === Number(asked.cluster));
    if (cluster) {
      shown("cluster");
      part("cluster-title").replaceChildren(`Cluster ${cluster.number}: `, title(cluster.representative));
      new List(part("cluster-list"), members(cluster), cluster.members);
      made.left = location.hash;
      part("cluster-list").prepend(element("p", {}, "Compared with the article that stands for it: ", origin(cluster.representative)));
      part("cluster-title").focus({ preventScroll: true });
      return;
    }
  }
  if ("cluster" in asked) missing("This cluster");
  if ("clusters" in asked && part("clusters")) {
    shown("clusters");
    if (!made.clusters) made.clusters = new List(part("clusters-list"), CLUSTERS, clusters);
    made.clusters.returned(made.left);
    return;
  }
  if ("pairs" in asked || !part("overview")) {
    shown("pairs");
    if (!made.pairs) made.pairs = new List(part("pairs-list"), PAIRS, pairs);
    made.pairs.returned(made.left);
    return;
  }
  shown("overview");
}

document.querySelector(".skip").addEventListener("click", (event) => {
  // The address stays what it is: it says what is shown.
  event.preventDefault();
  part("main").focus();
});

document.addEventListener("keydown", (event) => {
  const inText = event.target.closest && event.target.closest(".sides");
  if (!inText || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "n") made.pair.step(1);
  else if (event.key === "p") made.pair.step(-1);
  else if (event.key === "s") made.pair.swap();
  else return;
  event.preventDefault();
});

/* On paper, everything is open. */
window.addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details")) one.open = true;
});

window.addEventListener("hashchange", route);
if (!location.hash && !part("overview") && pairs.length === 1) history.replaceState(null, "", link(pairs[0]));
route();
