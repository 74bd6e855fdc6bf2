/* Draws each chart from the figure beside it once it comes near the window, over its still drawing. Without this script, or if it fails, that one stays. */
(function () {
  "use strict";
  if (!window.Plotly) return;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const phone = window.matchMedia("(max-width: 40rem)");
  const boxes = Array.from(document.querySelectorAll(".chart"));
  const seen = new Set();
  const options = { displayModeBar: false, responsive: true, doubleClick: false, scrollZoom: false };

  function draw(box, theme, narrow, onPaper) {
    const live = box.lastElementChild;
    try {
      const figure = JSON.parse(document.getElementById(box.dataset.figure).textContent)[theme];
      const layout = narrow ? Object.assign(figure.layout, figure.narrow) : figure.layout;
      if (onPaper) Object.assign(layout, { width: Number(box.dataset.paper), height: layout.height * 0.75 });
      box.classList.add("drawn");
      live.hidden = false;
      window.Plotly.react(live, figure.data, layout, options);
    } catch (error) {
      box.classList.remove("drawn");
      live.hidden = true;
    }
  }
  function onScreen(box) { draw(box, dark.matches ? "dark" : "light", phone.matches); }
  function again() { seen.forEach(onScreen); }

  const near = new IntersectionObserver(function (entries) {
    entries.filter(function (entry) { return entry.isIntersecting; }).forEach(function (entry) {
      near.unobserve(entry.target);
      seen.add(entry.target);
      onScreen(entry.target);
    });
  }, { rootMargin: "200px" });
  boxes.forEach(function (box) { near.observe(box); });
  dark.addEventListener("change", again);
  phone.addEventListener("change", again);
  /* Paper is white, its width is not the window's, and print is read closer: three quarters of the height do. */
  window.addEventListener("beforeprint", function () {
    boxes.forEach(function (box) { near.unobserve(box); seen.add(box); draw(box, "light", false, true); });
  });
  window.addEventListener("afterprint", again);
})();
