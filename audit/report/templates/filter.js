(() => {
  "use strict";
  const form = document.getElementById("filter");
  const told = form.querySelector("output");
  const members = [...document.querySelectorAll("[data-check]")];
  const folds = new Map([...document.querySelectorAll("main details")].map((fold) => [fold, fold.open]));
  const fields = ["search", "check", "severity"];

  const says = (element, words) => {
    const text = element.textContent.toLowerCase();
    return words.every((word) => text.includes(word));
  };

  const rowsOf = (member) => [...member.querySelectorAll(".rows tbody tr")];

  // A finding stays with the rows that have the words, and with all of them where its heading has them.
  const matches = (member, words) => {
    const rows = rowsOf(member);
    const whole = says(member.querySelector(".head") ?? member, words);
    for (const row of rows) row.hidden = !whole && !says(row, words);
    return whole || rows.some((row) => !row.hidden);
  };

  const show = () => {
    const asked = Object.fromEntries(new FormData(form));
    const words = asked.search.toLowerCase().split(/\s+/).filter(Boolean);
    const filtered = words.length > 0 || asked.check !== "" || asked.severity !== "";
    for (const member of members) {
      const { check, severity } = member.dataset;
      const named = asked.check === "" || check.split(" ").includes(asked.check);
      const grave = asked.severity === "" || severity === asked.severity;
      member.hidden = !matches(member, words) || !named || !grave;
    }
    for (const [fold, open] of folds) {
      const hit = fold.querySelector("[data-check]:not([hidden]), .rows tbody tr:not([hidden])");
      fold.open = open || (filtered && hit !== null);
    }
    const findings = members.filter((member) => member.matches(".finding"));
    const shown = findings.filter((member) => !member.hidden);
    const rows = shown.flatMap(rowsOf).filter((row) => !row.hidden);
    told.textContent = filtered
      ? `${shown.length} of ${findings.length} findings, with ${rows.length} of the rows that this page shows`
      : "";
    keep(new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== "")).toString());
  };

  // So that what is looked at can be sent as a link.
  const keep = (query) => {
    if (query !== "") history.replaceState(null, "", `#?${query}`);
    else if (location.hash.startsWith("#?")) history.replaceState(null, "", "#");
  };

  // Who follows such a link wants to see what it is about.
  const take = () => {
    if (!location.hash.startsWith("#?")) return;
    const query = new URLSearchParams(location.hash.slice(2));
    for (const field of fields) form.elements[field].value = query.get(field) ?? "";
    show();
    form.scrollIntoView();
  };

  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(show));
  window.addEventListener("hashchange", take);
  take();
})();
