// What the staff's screens do in the browser: selecting and taking away what was found; reading an episode, searching in it,
// and following the sound. Text reaches the page through textContent only.
(() => {
  "use strict";

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const scrollTo = (element, block = "center") =>
    element.scrollIntoView({ behavior: calm() ? "auto" : "smooth", block });

  // A press on anything with data-act becomes an event of the gr.HTML that it stands in, with its data.
  function acts(element, trigger) {
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-act]");
      if (!button || !element.contains(button)) return;
      event.preventDefault();
      trigger("click", { ...button.dataset });
    });
  }

  // ---- Find: what is selected --------------------------------------------------------------------------------------

  function found(element, trigger) {
    acts(element, trigger);
    let picked = new Set();
    let search = "";

    function drawn() {
      const list = element.querySelector("[data-search]");
      if (!list) return;
      if (list.dataset.search !== search) {
        search = list.dataset.search;
        picked = new Set();
      }
      for (const box of element.querySelectorAll("[data-pick]")) box.checked = picked.has(box.dataset.pick);
      const count = element.querySelector("[data-selected]");
      const text = picked.size ? count.dataset.selected.replace("#", String(picked.size)) : count.dataset.none;
      if (count.textContent !== text) count.textContent = text;
    }

    element.addEventListener("change", (event) => {
      const n = event.target.dataset.pick;
      if (!n) return;
      if (event.target.checked) picked.add(n);
      else picked.delete(n);
      drawn();
    });
    element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-select], [data-export]");
      if (!button) return;
      if (button.dataset.export) return trigger("download", { kind: button.dataset.export, picked: [...picked] });
      const all = Number(element.querySelector("[data-search]").dataset.count);
      picked = new Set(button.dataset.select === "all" ? Array.from({ length: all }, (_, n) => String(n + 1)) : []);
      drawn();
    });
    new MutationObserver(drawn).observe(element, { childList: true, subtree: true });
    drawn();
  }

  function save(file) {
    if (!file || !file.name) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.text], { type: `${file.media};charset=utf-8` }));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  // ---- Episode: read, search inside, follow ------------------------------------------------------------------------

  let sentences = []; // {element, start}, of those whose time is known to the second, in their order
  let hits = [];
  let at = -1;
  const transcript = () => document.querySelector("#transcript .transcript");
  const audio = () => document.querySelector("#audio");

  function reader(element, trigger) {
    acts(element, trigger);
    element.addEventListener("click", (event) => {
      const sentence = event.target.closest(".s[data-start]");
      if (sentence && !event.target.closest("button") && getSelection().isCollapsed) listen(sentence);
    });
    const drawn = () => {
      sentences = [...element.querySelectorAll(".s[data-start]")].map((s) => ({ element: s, start: Number(s.dataset.start) }));
      search(false);
    };
    new MutationObserver(drawn).observe(element, { childList: true, subtree: true });
    drawn();
  }

  // The page's player plays what a .play button names; this one is lent to every sentence.
  function listen(sentence) {
    const source = transcript().dataset;
    if (!source.src) return;
    const button = document.createElement("button");
    button.className = "play";
    button.hidden = true;
    Object.assign(button.dataset, {
      src: source.src, start: sentence.dataset.start, end: source.end, title: source.title,
      who: sentence.closest("[data-who]").dataset.who, card: `at-${sentence.id}`,
    });
    document.body.append(button);
    button.click();
    button.remove();
  }

  function strip(element) {
    element.addEventListener("click", (event) => {
      const part = event.target.closest("[data-turn]");
      const turn = part && document.getElementById(part.dataset.turn);
      if (!turn) return;
      scrollTo(turn, "start");
      const play = turn.querySelector(".play");
      if (play) play.click();
    });
  }

  function follow() {
    const text = transcript();
    const sound = audio();
    const heard = document.querySelector("#transcript .s.now");
    const source = text && text.dataset.src; // an address on the web, or one from wherever the site is served
    if (!source || !(sound.src === source || sound.src.endsWith(`/${source}`))) return;
    let low = 0;
    let high = sentences.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sentences[middle].start <= sound.currentTime + 0.05) low = middle + 1;
      else high = middle;
    }
    const now = low ? sentences[low - 1].element : null;
    if (now === heard) return;
    if (heard) heard.classList.remove("now");
    if (!now) return;
    now.classList.add("now");
    const wanted = document.querySelector("#follow");
    if (wanted && wanted.checked && !sound.paused) scrollTo(now);
  }
  for (const name of ["timeupdate", "seeked", "play"]) {
    document.addEventListener(name, (event) => event.target.id === "audio" && follow(), true);
  }

  // Highlights are painted, not written into the text: a sentence stays one element, and what is drawn anew stays whole.
  function search(go = true) {
    const box = document.querySelector("#inside");
    if (!box || !transcript()) return;
    const fold = (text) => text.toLowerCase().replace(/[‘’]/g, "'").replace(/[“”„]/g, '"').replace(/[‐-―]/g, "-");
    const words = fold(box.value.trim()).replace(/\s+/g, " ");
    hits = [];
    if (words) for (const turn of transcript().querySelectorAll(".words")) hits.push(...within(turn, words, fold));
    at = hits.length ? Math.max(0, Math.min(at, hits.length - 1)) : -1;
    if (go && hits.length) at = 0;
    paint(go);
  }

  function within(turn, words, fold) {
    const nodes = [];
    const walker = document.createTreeWalker(turn, NodeFilter.SHOW_TEXT);
    let text = "";
    while (walker.nextNode()) {
      nodes.push({ node: walker.currentNode, from: text.length });
      text += walker.currentNode.data;
    }
    const place = (n) => {
      const holder = nodes.findLast(({ from }) => from <= n);
      return [holder.node, n - holder.from];
    };
    const found = [];
    const folded = fold(text);
    if (folded.length !== text.length) return found; // a letter that folds to two: places would be off
    for (let n = folded.indexOf(words); n >= 0; n = folded.indexOf(words, n + words.length)) {
      const range = new Range();
      range.setStart(...place(n));
      const [node, offset] = place(n + words.length - 1);
      range.setEnd(node, offset + 1);
      found.push(range);
    }
    return found;
  }

  function paint(go) {
    const tell = document.querySelector("#hits");
    const box = document.querySelector("#inside");
    if (globalThis.Highlight) {
      CSS.highlights.set("found", new Highlight(...hits));
      CSS.highlights.set("found-now", new Highlight(...(at >= 0 ? [hits[at]] : [])));
    }
    const told = tell.dataset.hits.replace("#n", String(at + 1)).replace("#all", String(hits.length));
    tell.textContent = box.value.trim() ? (hits.length ? told : tell.dataset.none) : "";
    if (go && at >= 0) scrollTo(hits[at].startContainer.parentElement);
  }

  function step(by) {
    if (!hits.length) return;
    at = (at + by + hits.length) % hits.length;
    paint(true);
  }

  document.addEventListener("input", (event) => event.target.id === "inside" && search());
  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "inside" || event.key !== "Enter") return;
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  });
  // On their way down: here the page's own key for its box means this one.
  document.addEventListener("keydown", (event) => {
    const box = document.querySelector("#inside");
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || !box || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    box.focus();
  }, true);
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-step]");
    if (button) step(Number(button.dataset.step));
  });

  // ---- Episode: the panel in which a turn is corrected -------------------------------------------------------------

  let opener = null; // the first sentence of the turn that is being corrected
  const panel = () => document.querySelector("#correct");

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest('[data-act="correct"]');
    if (button) opener = button.dataset.first;
  });
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && panel() && panel().contains(event.target) && !panel().querySelector("ul.options");
    if (open) panel().querySelector("#cancel-correct").click();
  });

  function panelOpened() {
    const shown = panel();
    const title = shown && shown.querySelector("h2");
    if (!title) return;
    shown.setAttribute("role", "dialog");
    shown.setAttribute("aria-label", title.textContent);
    title.tabIndex = -1;
    title.focus();
  }

  // Back to where the turn was; its button is a new one where the transcript was drawn anew.
  function panelClosed() {
    if (panel() && panel().offsetParent !== null) return; // still open, with a fault told
    const button = document.querySelector(`[data-act="correct"][data-first="${CSS.escape(opener || "")}"]`);
    if (button) button.focus({ preventScroll: true });
  }

  // Opens at the moment that the address names, once the transcript is there.
  function open() {
    const mark = document.querySelector("#transcript .s.opened");
    if (mark) mark.scrollIntoView({ block: "center" });
  }

  window.staff = { acts, found, save, reader, strip, open, panelOpened, panelClosed };
})();
