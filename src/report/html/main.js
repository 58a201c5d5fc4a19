/* Which part of the page is shown: what stands behind # in its address. */

const made = {};

function part(name) {
  return document.getElementById(name);
}

function shown(name) {
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

function route() {
  const asked = parts(location.hash);
  if ("pair" in asked) {
    const pair = pairs.find((pair) => pair.a.id === asked.pair && pair.b.id === asked.with);
    if (pair) {
      shown("pair");
      part("pair-title").replaceChildren(title(pair.a), " and ", title(pair.b));
      made.pair = new PairView(part("pair-view"), pair);
      part("pair-title").focus({ preventScroll: true });
      return;
    }
  }
  if ("cluster" in asked && part("cluster")) {
    const cluster = clusters.find((cluster) => cluster.number === Number(asked.cluster));
    if (cluster) {
      shown("cluster");
      part("cluster-title").replaceChildren(`Cluster ${cluster.number}: `, title(cluster.representative));
      new List(part("cluster-list"), members(cluster), cluster.members);
      part("cluster-list").prepend(element("p", {}, "Compared with the article that stands for it: ", origin(cluster.representative)));
      part("cluster-title").focus({ preventScroll: true });
      return;
    }
  }
  if ("clusters" in asked && part("clusters")) {
    shown("clusters");
    if (!made.clusters) made.clusters = new List(part("clusters-list"), CLUSTERS, clusters);
    return;
  }
  if ("pairs" in asked || !part("overview")) {
    shown("pairs");
    if (!made.pairs) made.pairs = new List(part("pairs-list"), PAIRS, pairs);
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

window.addEventListener("hashchange", route);
if (!location.hash && !part("overview") && pairs.length === 1) history.replaceState(null, "", link(pairs[0]));
route();
