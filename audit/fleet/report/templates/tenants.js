(() => {
  "use strict";
  const form = document.getElementById("search");
  const told = form.querySelector("output");
  const rows = [...document.querySelectorAll("#tenants tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());

  const show = () => {
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdict = form.elements.verdict.value;
    let shown = 0;
    rows.forEach((row, place) => {
      row.hidden = !words.every((word) => texts[place].includes(word)) || (verdict !== "" && row.dataset.verdict !== verdict);
      shown += row.hidden ? 0 : 1;
    });
    told.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} tenants`;
  };

  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
})();
