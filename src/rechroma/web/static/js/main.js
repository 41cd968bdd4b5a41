// The page: its rooms, and what they share.

import * as api from "./api.js";
import { ColorRoom } from "./color.js";
import { find, showError } from "./dom.js";
import { takeFiles } from "./files.js";
import { goOnWith, forgetWork, keepWork, lastWork, takeUpWork, tidy } from "./kept.js";
import { MoodRoom } from "./mood.js";
import { leave, touch } from "./opened.js";
import { isProject, openProject, projectName, saveProject } from "./project.js";
import { saveFile } from "./save.js";

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
    keepWork({ color: color.album.saved(), mood: mood.saved() }, [...color.album.files(), ...mood.files()]);
  };
  const choose = takeFiles((files, target) => {
    const [projects, pictures] = [files.filter(isProject), files.filter((file) => !isProject(file))];
    projects.forEach(open);
    if (pictures.length) give(pictures, target);
  });
  const give = (files, target) => {
    if (target === "mood-of-color") color.takeMood(files[0]);
    else if (target === "source" || target === "target") mood.take(files[0], target);
    else if (roomOf() === "mood") mood.takeAny(files);
    else color.take(files);
  };
  const open = async (file) => {
    try {
      const work = await openProject(file);
      find("project-error").hidden = true;
      const keeps = !mood.empty;
      await Promise.all([color.album.restore(work.color), keeps || mood.restore(work.mood)]);
      remember();
    } catch (error) {
      showError(find("project-error"), error);
    }
  };
  const giveToMood = (file) => {
    mood.take(file, "target");
    location.hash = "mood";
    mood.target.root.focus();
  };
  const shared = { choose, remember, giveToMood };
  color = new ColorRoom(model, shared);
  mood = new MoodRoom(shared, model);
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", () => choose(button.dataset.choose, true));
  }

  find("save-project").addEventListener("click", () => color.saveAll.run(async (signal) => {
    const files = new Map([...color.album.filesAtHand(), ...mood.filesAtHand()]);
    const work = { color: color.album.saved(), mood: mood.saved() };
    const progress = (done, all) => color.saveAll.progress(done, all);
    saveFile({ blob: await saveProject(work, files, { progress, signal }), name: projectName() });
  }));

  addEventListener("pagehide", leave);
  addEventListener("pageshow", ({ persisted }) => persisted && touch());

  const saved = await takeUpWork();
  try {
    if (saved) await Promise.all([color.album.restore(saved.color), mood.restore(saved.mood)]);
  } finally {
    restoring = false;
    remember();
  }
  if (!color.album.pictures.length) await offerLastWork();
  tidy([...color.album.files(), ...mood.files()]);
  document.body.dataset.ready = "true";
}

/** Offer what was worked on last and closed with its tab. */
async function offerLastWork() {
  const last = await lastWork();
  find("last-work").hidden = !last;
  if (!last) return;
  find("last-work-words").textContent = `${last.count === 1 ? "A picture that you worked on is" : `${last.count} pictures that you worked on are`} still in this browser.`;
  find("last-work-open").addEventListener("click", () => goOnWith(last.key));
  find("last-work-forget").addEventListener("click", async () => {
    await forgetWork(last.key);
    find("last-work").hidden = true;
    document.querySelector("[data-choose]").focus();
  });
}

start().catch((error) => {
  if (api.isOutage(error)) api.line.addEventListener("back", () => location.reload());
  find("color").hidden = false;
  showError(find("fatal"), error);
});
