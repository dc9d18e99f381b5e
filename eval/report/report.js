// Filters of the questions that went wrong. Without this, all are shown.
"use strict";
const form = document.getElementById("filters");
if (form) {
  const told = document.getElementById("told");
  const groups = [...document.querySelectorAll(".stage")];
  const questions = [...document.querySelectorAll(".lost")];
  const apply = () => {
    const { stage, kind, words } = form.elements;
    const wanted = words.value.trim().toLowerCase();
    let n = 0;
    for (const question of questions) {
      const shown = (!stage.value || question.closest(".stage").dataset.stage === stage.value)
        && (!kind.value || question.dataset.kind === kind.value)
        && (!wanted || question.textContent.toLowerCase().includes(wanted));
      question.hidden = !shown;
      n += shown;
    }
    for (const group of groups) group.hidden = !group.querySelector(".lost:not([hidden])");
    told.textContent = `${n} of ${questions.length} shown`;
  };
  const open = (yes) => { for (const question of questions) question.open = yes; };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.getElementById("open").addEventListener("click", () => open(true));
  document.getElementById("close").addEventListener("click", () => open(false));
  // A link to a stage shows it, whatever was filtered away.
  window.addEventListener("hashchange", () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target && target.closest(".stage")?.hidden) { form.reset(); }
  });
  apply();
}
