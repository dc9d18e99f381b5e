// Plays a quote from its first word to its last, shows the transcript as it is spoken, and obeys keys. Shared by every
// screen; what a conversation needs besides is in talk.js. All through delegated events, since pages are drawn anew while
// they stream. Text reaches the page through textContent only.
(() => {
  "use strict";

  const EARLY = 0.03; // seconds: pausing takes a frame or two to be heard
  const JUMP = 15; // seconds that an arrow key goes back or on

  let playing = null; // {card, start, end, who, title}; end is null once the listener keeps listening
  let endTimer = 0;

  // Where audio, captions and links live: the listeners' page, also for the screens below it.
  const home = location.origin + location.pathname.replace(/\/staff(\/.*)?$/, "/");
  const find = (selector, root = document) => root.querySelector(selector);
  const audio = () => find("#audio");
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const words = (key) => JSON.parse(find("#player").dataset.texts)[key];

  function clock(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const pad = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
  }

  // ---- playing -------------------------------------------------------------------------------------------------

  function play(button) {
    const { src, start, end, who, title, card, episode } = button.dataset;
    const sound = audio();
    if (playing && playing.card === card && playing.start === Number(start) && playing.end !== null && !sound.paused) {
      return sound.pause();
    }
    playing = { card, start: Number(start), end: Number(end), who, title };
    find("#player").hidden = false;
    document.body.classList.add("with-player");
    const address = new URL(src, home).href;
    if (sound.src !== address) sound.src = address;
    seek(playing.start);
    follow(episode);
  }

  function seek(second) {
    const sound = audio();
    const go = () => {
      sound.currentTime = Math.max(0, second);
      start();
    };
    say(null);
    if (sound.readyState >= 1) return go();
    sound.addEventListener("loadedmetadata", go, { once: true });
    sound.load();
  }

  function start() {
    audio().play().catch((fault) => say(fault.name === "AbortError" ? null : words("cannot_play")));
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
    caption();
    if (!audio().paused) requestAnimationFrame(frame);
  }

  function keepListening() {
    if (!playing) return;
    playing.end = null;
    clearTimeout(endTimer);
    start();
  }

  function toggle() {
    const sound = audio();
    if (!sound.paused) return sound.pause();
    // At the quote's end, "play" means the quote once more; "Keep listening" is what goes on.
    if (playing && playing.end !== null && sound.currentTime >= playing.end - 0.1) return seek(playing.start);
    start();
  }

  function jump(seconds) {
    const sound = audio();
    const second = Math.max(0, sound.currentTime + seconds);
    // Whoever leaves the quote wants to hear what is there, not to be stopped by the quote's end.
    if (playing.end !== null && (second > playing.end || second < playing.start - JUMP)) playing.end = null;
    sound.currentTime = Math.min(second, sound.duration || second);
    watch();
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

  // ---- captions ------------------------------------------------------------------------------------------------

  let transcript = null; // {episode, speakers, sentences: [[start, end, speaker, text], …], estimated}
  let shown = -2;

  async function follow(episode) {
    if (transcript && transcript.episode === episode) return caption();
    transcript = null;
    caption();
    if (!episode) return;
    try {
      const answer = await fetch(new URL(`captions/${encodeURIComponent(episode)}`, home));
      if (!answer.ok) return;
      transcript = { episode, ...(await answer.json()) };
      shown = -2;
      caption();
    } catch {
      transcript = null; // without captions it still plays
    }
  }

  function caption() {
    const box = find("#player .captions");
    if (!box) return;
    const sentences = transcript ? transcript.sentences : [];
    box.hidden = !sentences.length || !playing;
    if (box.hidden) return void (shown = -2);
    const second = audio().currentTime + 0.05;
    let at = -1;
    for (let low = 0, high = sentences.length - 1; low <= high; ) {
      const middle = (low + high) >> 1;
      if (sentences[middle][0] <= second) (at = middle), (low = middle + 1);
      else high = middle - 1;
    }
    if (at === shown) return;
    shown = at;
    const put = (place, number) => {
      const sentence = sentences[number];
      const who = sentence && sentence[2] !== null && (!place || sentences[number - 1]?.[2] !== sentence[2] || place === "current");
      find(`.caption.${place}`, box).textContent = sentence ? `${who ? `${transcript.speakers[sentence[2]]}: ` : ""}${sentence[3]}` : "";
    };
    put("before", at - 1);
    put("current", at);
    put("after", at + 1);
    find(".caption-note", box).textContent = transcript.estimated ? words("captions_estimated") : "";
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
      caption();
    }
    const button = find('[data-do="toggle"]');
    button.classList.toggle("on", on);
    button.setAttribute("aria-label", words(on ? "pause" : "play"));
    find('[data-do="on"]').disabled = !playing || (playing.end === null && on);
    for (const card of document.querySelectorAll(".card")) {
      const here = Boolean(playing) && card.id === playing.card;
      card.classList.toggle("playing", here && on);
      card.classList.toggle("chosen", here);
    }
  }

  function choose(card) {
    const listen = find(".play", card);
    if (listen) play(listen);
    // After the player's bar has taken its room.
    card.scrollIntoView({ behavior: calm() ? "auto" : "smooth", block: "nearest" });
    card.focus({ preventScroll: true });
  }

  function beside(step) {
    const cards = [...document.querySelectorAll(".card")];
    const focused = document.activeElement && document.activeElement.closest(".card");
    const at = cards.findIndex((card) => (focused ? card === focused : playing && card.id === playing.card));
    const next = cards[at < 0 ? (step > 0 ? 0 : cards.length - 1) : at + step];
    if (next) choose(next);
  }

  // ---- what the visitor does -----------------------------------------------------------------------------------

  const ACTIONS = { toggle, close, on: keepListening, again: () => playing && seek(playing.start) };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target && target.closest("button");
    if (!button) {
      // The passage itself plays, too; not while its words are being selected.
      const quote = target && target.closest(".card blockquote");
      const listen = quote && String(getSelection()) === "" && find(".play", quote.closest(".card"));
      if (listen) play(listen);
      return;
    }
    if (button.classList.contains("play")) return play(button);
    if (button.classList.contains("mark")) {
      const card = document.getElementById(button.dataset.card);
      if (card) choose(card);
      return;
    }
    const action = ACTIONS[button.dataset.do];
    if (action) action(button);
  });

  const KEYS_OFF = "verbatim-keys-off";
  const stored = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is forbidden here: the keys are on
    }
  };

  document.addEventListener("change", (event) => {
    // The default too: an audio element falls back to it when it is given another episode.
    if (event.target.matches('[data-do="speed"]')) audio().playbackRate = audio().defaultPlaybackRate = Number(event.target.value);
    if (event.target.matches('[data-do="keys"]')) {
      try {
        event.target.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1");
      } catch {
        event.target.checked = true;
      }
    }
  });

  const KEYS = {
    " ": () => playing && toggle(),
    ArrowLeft: () => playing && jump(-JUMP),
    ArrowRight: () => playing && jump(JUMP),
    j: () => beside(1),
    k: () => beside(-1),
    "/": () => find("#question textarea, #question input")?.focus(),
  };

  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (!Object.hasOwn(KEYS, event.key) || event.ctrlKey || event.metaKey || event.altKey || stored(KEYS_OFF)) return;
    if (target.closest("input, textarea, select, [contenteditable], [role=listbox], [role=tab]")) return;
    // A space presses the button that has the focus.
    if (event.key === " " && (target.closest("button, a, summary") || !playing)) return;
    if (event.key.startsWith("Arrow") && !playing) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // Media events don't bubble; they are caught on their way down.
  for (const name of ["timeupdate", "play", "pause", "seeked", "ratechange"]) {
    document.addEventListener(name, (event) => event.target.id === "audio" && watch(), true);
  }
  document.addEventListener("play", (event) => event.target.id === "audio" && requestAnimationFrame(frame), true);
  document.addEventListener("error", (event) => {
    if (event.target.id === "audio") say(words("no_sound"));
  }, true);

  // The page leaves room for the bar, however many lines it has.
  function begin() {
    const bar = find("#player");
    if (!bar) return requestAnimationFrame(begin);
    new ResizeObserver(() => document.body.style.setProperty("--bar", `${bar.hidden ? 0 : bar.offsetHeight}px`)).observe(bar);
    const box = find('[data-do="keys"]');
    if (box) box.checked = !stored(KEYS_OFF);
  }
  begin();

  window.verbatim = { find, calm, home, words, showPlaying: show };
})();
