/* Makes lists sortable by the heads of their columns, and long ones searchable. Without this script they stand as printed. */
(function () {
  "use strict";
  /* Rows that are sums or headings: they keep their place and are no rows to find. */
  const FIXED = ".sum, .rest, .group";
  const LONG = 12;
  const language = document.documentElement.lang;
  const words = new Intl.Collator(language, { numeric: true });
  const counts = new Intl.NumberFormat(language, { useGrouping: "always" });
  const finder = document.getElementById("finder");

  /* Text as it is searched: without case, accents and kinds of spaces. */
  function plain(text) {
    return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
  }

  /* The cell of a row in a column; none where one cell spans several. */
  function cellIn(row, column) {
    let place = 0;
    for (const cell of row.cells) {
      if (place === column && cell.colSpan === 1) return cell;
      place += cell.colSpan;
    }
    return null;
  }

  /* A cell's text without the small print. */
  function textOf(cell) {
    const parts = Array.from(cell.childNodes).filter(function (part) { return part.nodeName !== "SMALL"; });
    return parts.map(function (part) { return part.textContent; }).join("").trim();
  }

  /* What a row is sorted by: the value its cell or row tells, else its text; null for a dash. Amounts of several units never mix. */
  function keyOf(row, column, isNumber) {
    const cell = cellIn(row, column);
    const text = cell ? textOf(cell) : "";
    const told = cell && (cell.dataset.value || (row.dataset.values || "").split("|")[column]);
    const value = told || (isNumber ? /^-?\d+$/.test(text) && text : text !== "–" && text);
    return { row: row, unit: (cell && cell.dataset.unit) || "", value: value ? (isNumber ? Number(value) : value) : null };
  }

  function sorted(rows, column, isNumber, sign) {
    const keys = rows.map(function (row) { return keyOf(row, column, isNumber); });
    keys.sort(function (a, b) {
      if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
      const order = isNumber ? a.value - b.value : words.compare(a.value, b.value);
      return words.compare(a.unit, b.unit) || sign * order;
    });
    return keys.map(function (key) { return key.row; });
  }

  function equip(table) {
    const parts = Array.from(table.tBodies, function (body) { return { body: body, printed: Array.from(body.rows) }; });
    const isFree = function (row) { return !row.matches(FIXED); };
    const rows = parts.flatMap(function (part) { return part.printed.filter(isFree); });
    const heads = Array.from(table.tHead.rows[0].cells);
    let by = null, sign = 0, sought = "";

    function lay(column, direction) {
      parts.forEach(function (part) {
        const free = part.printed.filter(isFree);
        const order = direction ? sorted(free, column, heads[column].matches(".number"), direction) : free;
        part.body.append.apply(part.body, part.printed.map(function (row) { return isFree(row) ? order.shift() : row; }));
      });
      table.classList.toggle("moved", direction !== 0 || sought !== "");
    }

    function show() { lay(heads.indexOf(by), sign); }

    heads.forEach(function (head) {
      if (!head.matches("th:not(.unsorted)")) return;
      const button = document.createElement("button");
      const first = head.matches(".number") ? -1 : 1;
      button.type = "button";
      button.append.apply(button, head.childNodes);
      head.append(button);
      /* Numbers begin with the largest. The second time turns round, the third gives back the printed order. */
      button.addEventListener("click", function () {
        sign = by !== head ? first : sign === first ? -first : 0;
        by = sign ? head : null;
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        if (by) by.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
        show();
      });
    });

    /* Paper holds all rows in the printed order; the style sheet shows there what is not found, too. */
    window.addEventListener("beforeprint", function () { lay(-1, 0); table.classList.remove("moved"); });
    window.addEventListener("afterprint", show);

    if (rows.length <= LONG || !finder) return;
    const box = finder.content.firstElementChild.cloneNode(true);
    const field = box.querySelector("input");
    const said = box.querySelector("[role=status]");
    const texts = rows.map(function (row) {
      return plain(Array.from(row.cells, function (cell) { return cell.textContent; }).join(" "));
    });
    field.setAttribute("aria-label", box.textContent.trim() + ": " + table.caption.textContent);
    field.addEventListener("input", function () {
      sought = plain(field.value);
      let found = 0;
      rows.forEach(function (row, place) {
        const isFound = texts[place].includes(sought);
        row.classList.toggle("missed", !isFound);
        found += isFound;
      });
      const told = said.dataset.rows.replace("{shown}", counts.format(found)).replace("{all}", counts.format(rows.length));
      said.textContent = sought ? told + (table.querySelector("tfoot, .rest, .sum") ? " " + said.dataset.totals : "") : "";
      table.classList.toggle("moved", sign !== 0 || sought !== "");
    });
    table.parentNode.before(box);
  }

  document.querySelectorAll("table.sortable").forEach(equip);
})();
