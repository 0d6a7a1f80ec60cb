// Draws each [data-chart] from the JSON beside it. Figures name their colours as CSS variables,
// so that a chart follows the colour scheme of the page.
(() => {
  const probe = document.createElement("i");
  probe.hidden = true;

  function colour(token) {
    probe.style.color = token;
    return getComputedStyle(probe).color;
  }

  function themed(value) {
    if (typeof value === "string") return value.startsWith("var(--") ? colour(value) : value;
    if (Array.isArray(value)) return value.map(themed);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, themed(part)]));
    }
    return value;
  }

  function follow(event) {
    const target = event.points[0]?.customdata;
    if (typeof target !== "string" || !target.startsWith("/")) return;
    const url = new URL(target, location.href);
    if (url.origin === location.origin) location.assign(url);
  }

  function hasLinks(figure) {
    return figure.data.some((trace) => JSON.stringify(trace.customdata ?? "").includes('"/'));
  }

  function draw(element) {
    const figure = JSON.parse(document.getElementById(element.dataset.chart).textContent);
    const { data, layout } = themed(figure);
    const isNew = !element.classList.contains("js-plotly-plot");
    Plotly.react(element, data, layout, { displayModeBar: false, responsive: true });
    if (!isNew) return;
    element.on("plotly_click", follow);
    element.classList.toggle("links", hasLinks(figure));
  }

  function drawAll(root = document) {
    if (root.matches?.("[data-chart]")) draw(root);
    root.querySelectorAll("[data-chart]").forEach(draw);
  }

  function forPaper(isPrinting) {
    document.documentElement.style.colorScheme = isPrinting ? "light" : "";
    drawAll();
  }

  document.body.append(probe);
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
  addEventListener("beforeprint", () => forPaper(true));
  addEventListener("afterprint", () => forPaper(false));
  document.body.addEventListener("htmx:afterSettle", (event) => drawAll(event.detail.elt));
  document.body.addEventListener("htmx:beforeCleanupElement", (event) => {
    if (event.detail.elt.matches?.(".js-plotly-plot")) Plotly.purge(event.detail.elt);
  });
})();
