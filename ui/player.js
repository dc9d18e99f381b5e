// What the page does in the browser: plays a quote from its first word to its last, leads a mark to its source, and
// keeps the player's bar true. All through delegated events, since the conversation is drawn anew while it streams.
// Text reaches the page through textContent only.
(() => {
  "use strict";

  const BOX = "#question textarea, #question input";
  const EARLY = 0.03; // seconds: pausing takes a frame or two to be heard

  let playing = null; // {card, start, end, who, title}; end is null once the listener keeps listening
  let endTimer = 0;

  const find = (selector, root = document) => root.querySelector(selector);
  const audio = () => find("#audio");
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  function clock(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const pad = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
  }

  // ---- playing -------------------------------------------------------------------------------------------------

  function play(button) {
    const { src, start, end, who, title, card } = button.dataset;
    const sound = audio();
    if (playing && playing.card === card && playing.end !== null && !sound.paused) return sound.pause();
    playing = { card, start: Number(start), end: Number(end), who, title };
    find("#player").hidden = false;
    document.body.classList.add("with-player");
    const address = new URL(src, document.baseURI).href;
    if (sound.src !== address) sound.src = address;
    seek(playing.start);
  }

  function seek(second) {
    const sound = audio();
    const go = () => {
      sound.currentTime = second;
      sound.play().catch((fault) => say(fault.name === "AbortError" ? null : "This audio can’t be played"));
    };
    say(null);
    if (sound.readyState >= 1) return go();
    sound.addEventListener("loadedmetadata", go, { once: true });
    sound.load();
  }

  // Three watchers for the quote's end: frames are exact but rest in a background tab, a timer is exact but drifts when
  // the sound stalls, timeupdate comes four times a second whatever happens.
  function stopAtEnd() {
    const sound = audio();
    if (playing && playing.end !== null && !sound.paused && sound.currentTime >= playing.end - EARLY) sound.pause();
  }

  function watch() {
    const sound = audio();
    stopAtEnd();
    show();
    clearTimeout(endTimer);
    if (!playing || playing.end === null || sound.paused) return;
    endTimer = setTimeout(stopAtEnd, (Math.max(0, playing.end - EARLY - sound.currentTime) * 1000) / sound.playbackRate);
  }

  function frame() {
    stopAtEnd();
    if (!audio().paused) requestAnimationFrame(frame);
  }

  function keepListening() {
    if (!playing) return;
    playing.end = null;
    clearTimeout(endTimer);
    audio().play().catch(() => say("This audio can’t be played"));
  }

  function toggle() {
    const sound = audio();
    if (!sound.paused) return sound.pause();
    // At the quote's end, "play" means the quote once more; "Keep listening" is what goes on.
    if (playing && playing.end !== null && sound.currentTime >= playing.end - 0.1) return seek(playing.start);
    sound.play().catch(() => say("This audio can’t be played"));
  }

  function close() {
    audio().pause();
    const card = playing && document.getElementById(playing.card);
    playing = null;
    find("#player").hidden = true;
    document.body.classList.remove("with-player");
    show();
    if (card) card.focus({ preventScroll: true });
  }

  // ---- showing -------------------------------------------------------------------------------------------------

  let fault = null;
  function say(text) {
    fault = text;
    show();
  }

  function put(name, text) {
    const slot = find(`[data-show="${name}"]`);
    if (slot && slot.textContent !== text) slot.textContent = text;
  }

  function show() {
    const sound = audio();
    if (!sound) return;
    const on = Boolean(playing) && !sound.paused;
    if (playing) {
      put("who", playing.who);
      put("title", fault || playing.title);
      put("time", clock(sound.currentTime) + (playing.end === null ? "" : ` / ${clock(playing.end)}`));
    }
    const button = find('[data-do="toggle"]');
    button.classList.toggle("on", on);
    button.setAttribute("aria-label", on ? "Pause" : "Play");
    find('[data-do="on"]').disabled = !playing || (playing.end === null && on);
    for (const card of document.querySelectorAll(".card")) {
      const here = Boolean(playing) && card.id === playing.card;
      card.classList.toggle("playing", here && on);
      card.classList.toggle("chosen", here);
    }
  }

  function choose(card) {
    card.scrollIntoView({ behavior: calm() ? "auto" : "smooth", block: "nearest" });
    card.focus({ preventScroll: true });
  }

  // ---- what the visitor does -----------------------------------------------------------------------------------

  const ACTIONS = {
    toggle,
    close,
    on: keepListening,
    again: () => playing && seek(playing.start),
    filters: (button) => {
      const open = document.body.classList.toggle("filters-open");
      button.setAttribute("aria-expanded", String(open));
    },
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target && target.closest("button");
    if (!button) return;
    if (button.classList.contains("play")) return play(button);
    if (button.classList.contains("mark")) {
      const card = document.getElementById(button.dataset.card);
      if (!card) return;
      const listen = find(".play", card);
      if (listen) play(listen);
      return choose(card); // after the player's bar has taken its room
    }
    const action = ACTIONS[button.dataset.do];
    if (action) action(button);
  });

  document.addEventListener("change", (event) => {
    // The default too: an audio element falls back to it when it is given another episode.
    if (event.target.matches('[data-do="speed"]')) audio().playbackRate = audio().defaultPlaybackRate = Number(event.target.value);
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    find(BOX).focus();
  });

  // Media events don't bubble; they are caught on their way down.
  for (const name of ["timeupdate", "play", "pause", "seeked", "ratechange"]) {
    document.addEventListener(name, (event) => event.target.id === "audio" && watch(), true);
  }
  document.addEventListener("play", (event) => event.target.id === "audio" && requestAnimationFrame(frame), true);
  document.addEventListener("error", (event) => {
    if (event.target.id === "audio") say("This audio can’t be loaded");
  }, true);

  // ---- the conversation, drawn anew ----------------------------------------------------------------------------

  let rounds = 0;
  function redrawn() {
    const all = document.querySelectorAll(".round");
    if (all.length > rounds) {
      const newest = all[all.length - 1];
      if (rounds > 0) newest.scrollIntoView({ behavior: calm() ? "auto" : "smooth", block: "start" });
    }
    rounds = all.length;
    show();
  }

  function begin() {
    const talk = find("#talk");
    if (!talk) return requestAnimationFrame(begin);
    new MutationObserver(redrawn).observe(talk, { childList: true, subtree: true });
  }
  begin();
})();
