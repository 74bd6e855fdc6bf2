/* Draws each chart from the figure beside it. Without this script, or if it fails, sentences and tables say the same. */
(function () {
  "use strict";
  if (!window.Plotly) return;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var phone = window.matchMedia("(max-width: 40rem)");
  var boxes = Array.prototype.slice.call(document.querySelectorAll(".chart"));
  var options = { displayModeBar: false, responsive: true, doubleClick: false, scrollZoom: false };

  function draw(theme, narrow, onPaper) {
    boxes.forEach(function (box) {
      try {
        var figure = JSON.parse(document.getElementById(box.dataset.figure).textContent)[theme];
        var layout = narrow ? Object.assign(figure.layout, figure.narrow) : figure.layout;
        if (onPaper) Object.assign(layout, { width: Number(box.dataset.paper), height: layout.height * 0.75 });
        box.hidden = false;
        window.Plotly.react(box, figure.data, layout, options);
      } catch (error) {
        box.hidden = true;
      }
    });
  }
  function onScreen() { draw(dark.matches ? "dark" : "light", phone.matches); }

  onScreen();
  dark.addEventListener("change", onScreen);
  phone.addEventListener("change", onScreen);
  /* Paper is white, its width is not the window's, and print is read closer: three quarters of the height do. */
  window.addEventListener("beforeprint", function () { draw("light", false, true); });
  window.addEventListener("afterprint", onScreen);
})();
