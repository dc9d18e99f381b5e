// What a conversation needs in the browser besides the player: what is pressed in it goes to the server as a signal, quotes
// and links are copied, filters open and close. Delegated events and textContent only, as in player.js.
(() => {
  "use strict";

  const { find, calm, home, words, showPlaying } = window.verbatim;
  const signal = (name, values = {}) => window.dispatchEvent(new CustomEvent("signal", { detail: { name, values } }));

  // ---- copying -------------------------------------------------------------------------------------------------

  async function copy(text, button) {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      done = copyTheOldWay(text); // the clipboard is for pages behind https, or on this machine
    }
    if (!done) return void prompt(words("copy_failed"), text);
    find("#aloud").textContent = words("copied");
    const label = button.dataset.label || (button.dataset.label = button.textContent);
    button.textContent = words("copied");
    setTimeout(() => (button.textContent = label), 1500);
  }

  function copyTheOldWay(text) {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }

  // ---- feedback ------------------------------------------------------------------------------------------------

  const given = new Set(); // what was said about which round, since rounds are drawn anew
  const awaited = new Map(); // what a reply is awaited for: its number -> {round, key, kind}
  let sent = 0;

  function give(button) {
    const group = button.closest(".feedback");
    const note = button.dataset.feedback === "note" ? find("textarea", group).value : "";
    const key = `${group.dataset.round} ${button.dataset.feedback} ${note}`;
    if (given.has(key) || (button.dataset.feedback === "note" && !note.trim())) return;
    given.add(key);
    button.setAttribute("aria-pressed", "true");
    awaited.set(String(++sent), { round: group.dataset.round, key, kind: button.dataset.feedback });
    signal("submit", { round: Number(group.dataset.round), kind: button.dataset.feedback, note, id: sent });
  }

  function reply() {
    const told = find("#told [data-id]");
    const about = told && awaited.get(told.dataset.id);
    if (!about) return;
    awaited.delete(told.dataset.id);
    const kept = "kept" in told.dataset;
    if (!kept) given.delete(about.key); // it may be said again
    const group = find(`.feedback[data-round="${about.round}"]`);
    if (!group) return;
    find(".thanks", group).textContent = told.textContent;
    const note = find("details", group);
    if (kept && about.kind === "note") {
      find("textarea", note).value = "";
      note.open = false;
    }
    redrawn();
  }

  // ---- what the visitor does -----------------------------------------------------------------------------------

  function keepTheLastOne() {
    // Here and not on the server, which would answer when the next question is being typed already.
    const box = find("#question textarea, #question input");
    box.value = "";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
    signal("undo");
  }

  const ACTIONS = {
    filters: () => {
      document.body.classList.toggle("filters-open");
      redrawn();
    },
    "clear-filters": () => signal("clear"),
    "cancel-edit": keepTheLastOne,
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    if (!button) return;
    const { ask, copy: text, link, feedback, drop } = button.dataset;
    if (drop !== undefined) return signal("select", { drop });
    if (ask !== undefined) return signal("select", { question: ask, everywhere: "everywhere" in button.dataset });
    if (text !== undefined) return copy(text, button);
    if (link !== undefined) return copy(new URL(link, home).href, button);
    if (feedback !== undefined) return give(button);
    const action = ACTIONS[button.dataset.do];
    if (action) action(button);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && find(".editing")) keepTheLastOne();
  });

  // ---- the conversation, drawn anew ----------------------------------------------------------------------------

  let rounds = 0;
  let opened = false;
  function redrawn() {
    const all = document.querySelectorAll(".round");
    if (all.length > rounds && all.length > 1) {
      all[all.length - 1].scrollIntoView({ behavior: calm() ? "auto" : "smooth", block: "start" });
    }
    rounds = all.length;
    if (!rounds) given.clear();
    for (const group of document.querySelectorAll(".feedback")) {
      for (const button of group.querySelectorAll("[aria-pressed]")) {
        button.setAttribute("aria-pressed", String(given.has(`${group.dataset.round} ${button.dataset.feedback} `)));
      }
    }
    const open = String(document.body.classList.contains("filters-open"));
    const button = find(".filters-button");
    if (button && button.getAttribute("aria-expanded") !== open) button.setAttribute("aria-expanded", open);
    showPlaying();
    const link = find("#to-be-asked");
    if (link && !opened) {
      opened = true;
      history.replaceState(null, "", location.pathname); // or a reload would ask it once more
      signal("select", { question: link.dataset.ask, choice: JSON.parse(link.dataset.choice) });
    }
  }

  function begin() {
    const [talk, dates] = [find("#talk"), document.querySelectorAll("#since input, #until input")];
    if (!talk || dates.length < 2 || !find("#told")) return requestAnimationFrame(begin);
    for (const field of dates) field.type = "date";
    const drawn = new MutationObserver(redrawn);
    for (const id of ["#talk", "#remain", "#welcome"]) drawn.observe(find(id), { childList: true, subtree: true });
    new MutationObserver(reply).observe(find("#told"), { childList: true, subtree: true, characterData: true });
  }
  begin();
})();
