// The page: its rooms, and what they share.

import * as api from "./api.js";
import { ColorRoom } from "./color.js";
import { find, showError } from "./dom.js";
import { takeFiles } from "./files.js";
import { MoodRoom } from "./mood.js";
import { leave, touch } from "./opened.js";

const KEY = "rechroma.page";
const ROOMS = ["color", "mood"];

const roomOf = () => ROOMS.find((room) => location.hash === `#${room}`) ?? "color";

function openRoom() {
  const open = roomOf();
  for (const room of ROOMS) find(room).hidden = room !== open;
  for (const link of document.querySelectorAll("[data-room]")) {
    if (link.dataset.room === open) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = open === "color" ? "Rechroma" : "Rechroma: mood";
}

async function start() {
  api.takeToken();
  openRoom();
  addEventListener("hashchange", () => (api.takeToken() ? location.reload() : openRoom()));
  const model = await api.model();

  let color = null;
  let mood = null;
  let restoring = true;
  const remember = () => {
    if (restoring || !color || !mood) return;
    const work = JSON.stringify({ color: color.album.saved(), mood: mood.saved() });
    try {
      sessionStorage.setItem(KEY, work);
    } catch {
      // Too much for the browser: it is there until the page is loaded again.
    }
  };
  const choose = takeFiles((files, target) => {
    if (target === "mood-of-color") color.takeMood(files[0]);
    else if (target === "source" || target === "target") mood.take(files[0], target);
    else if (roomOf() === "mood") mood.takeAny(files);
    else color.take(files);
  });
  const shared = { choose, remember };
  color = new ColorRoom(model, shared);
  mood = new MoodRoom(shared, model);
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", () => choose(button.dataset.choose, true));
  }

  addEventListener("pagehide", leave);
  addEventListener("pageshow", ({ persisted }) => persisted && touch());

  const saved = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  try {
    if (saved) await Promise.all([color.album.restore(saved.color), mood.restore(saved.mood)]);
  } finally {
    restoring = false;
    remember();
  }
  document.body.dataset.ready = "true";
}

start().catch((error) => {
  find("color").hidden = false;
  showError(find("fatal"), error);
});
