// Puts the regions that the server sends into their places. All words and numbers are made there.
"use strict";

const CALM_MS = 2000; // between two changes, for those who asked for less motion
const SPOKEN_MS = 15000; // between two sentences for those who listen
const ATTEMPTS_MAX = 20; // failed attempts to connect again before the page rests

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const pause = document.getElementById("pause");
const lost = document.getElementById("lost");
const said = document.getElementById("said");

let waiting = {}; // regions that came while nothing may change
let shownAt = 0;
let spokenAt = 0;
let attempts = 0;
let timer = 0;

const paused = () => pause.getAttribute("aria-pressed") === "true";

function show() {
  timer = 0;
  if (paused()) return;
  for (const [id, html] of Object.entries(waiting)) {
    const place = document.getElementById(id);
    if (place) place.innerHTML = html;
  }
  waiting = {};
  shownAt = performance.now();
}

function arrived(message, last) {
  attempts = 0;
  lost.hidden = true;
  Object.assign(waiting, message.regions);
  const rest = calm.matches && !last ? CALM_MS - (performance.now() - shownAt) : 0;
  if (rest <= 0) show();
  else if (!timer) timer = window.setTimeout(show, rest);
  if (last || performance.now() - spokenAt >= SPOKEN_MS) {
    spokenAt = performance.now();
    if (!paused()) said.textContent = message.said;
  }
}

const source = new EventSource(document.body.dataset.stream);
source.addEventListener("frame", (event) => arrived(JSON.parse(event.data), false));
source.addEventListener("end", (event) => {
  source.close(); // what is shown stays
  arrived(JSON.parse(event.data), true);
  if (!paused()) pause.hidden = true;
});
source.addEventListener("error", () => {
  lost.hidden = source.readyState === EventSource.OPEN;
  attempts += 1;
  if (attempts >= ATTEMPTS_MAX) source.close();
});

pause.hidden = false;
pause.addEventListener("click", () => {
  const now = !paused();
  pause.setAttribute("aria-pressed", String(now));
  pause.textContent = now ? pause.dataset.resume : pause.dataset.pause;
  if (!now) show();
});
