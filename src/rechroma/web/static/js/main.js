// The page: its rooms, and what they share.

import * as api from "./api.js";
import { ColorRoom } from "./color.js";
import { find, make, showError } from "./dom.js";
import { isFilm, takeFiles } from "./files.js";
import { FilmRoom } from "./films.js";
import { keepPage } from "./install.js";
import { goOnWith, forgetWork, keepWork, lastWork, takeUpWork, tidy } from "./kept.js";
import { MoodRoom } from "./mood.js";
import { leave, touch } from "./opened.js";
import { isProject, openProject, projectName, saveProject } from "./project.js";
import { saveFile } from "./save.js";
import { LANGUAGES, language, speak, t, translateDocument } from "./text.js";
import { welcome } from "./welcome.js";

const ROOMS = ["color", "mood", "film"];
const TITLES = { color: "Rechroma", mood: `Rechroma: ${t("Mood")}`, film: `Rechroma: ${t("Film")}` };

const roomOf = () => ROOMS.find((room) => location.hash === `#${room}`) ?? "color";

function openRoom() {
  if (!find("token").hidden) return;
  const open = roomOf();
  for (const room of ROOMS) find(room).hidden = room !== open;
  for (const link of document.querySelectorAll("[data-room]")) {
    if (link.dataset.room === open) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = TITLES[open];
}

function offerLanguages() {
  const select = find("language");
  select.append(...Object.entries(LANGUAGES).map(([value, name]) => make("option", { value, lang: value, selected: value === language }, name)));
  select.addEventListener("change", () => speak(select.value));
}

/** Say what is wrong with a project's file; null for nothing any more. */
function sayOfProject(problem) {
  const root = find("project-error");
  showError(root.firstElementChild, problem);
  root.hidden = !problem;
}

/** What is said of a project goes when somebody closes it, or goes on with something else. */
function prepareProjectErrors() {
  find("project-error").append(make("p"),
    make("button", { type: "button", className: "close", title: t("Close"), aria: { label: t("Close") } }, "×"));
  for (const type of ["click", "change"]) find("main").addEventListener(type, () => sayOfProject(null));
  addEventListener("hashchange", () => sayOfProject(null));
}

async function start() {
  translateDocument();
  prepareProjectErrors();
  offerLanguages();
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
    sayOfProject(null);
    const pictures = files.filter((file) => !isProject(file) && !isFilm(file));
    files.filter(isProject).forEach(open);
    takeFilms(files.filter(isFilm));
    if (pictures.length) give(pictures, target);
  });
  const give = (files, target) => {
    if (target === "mood-of-color") color.takeMood(files[0]);
    else if (target === "mood-of-part") color.takeMood(files[0], color.moodFor);
    else if (target === "source" || target === "target") mood.take(files[0], target);
    else if (target === "mood-of-film") film.takeMood(files[0]);
    else if (roomOf() === "mood") mood.takeAny(files);
    else {
      color.take(files);
      location.hash = roomOf() === "film" ? "color" : location.hash;
    }
  };
  const takeFilms = ([first]) => {
    if (!first) return;
    location.hash = "film";
    film.take(first);
  };
  const open = async (file) => {
    try {
      const work = await openProject(file);
      sayOfProject(null);
      const keeps = !mood.empty;
      await Promise.all([color.album.restore(work.color), keeps || mood.restore(work.mood)]);
      remember();
    } catch (error) {
      sayOfProject(error);
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
  const film = new FilmRoom(model, shared);
  welcome({
    color: (files) => color.take(files),
    mood: (source, target) => { mood.take(source, "source"); mood.take(target, "target"); },
  });
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
  keepPage();
}

/** Offer what was worked on last and closed with its tab. */
async function offerLastWork() {
  const last = await lastWork();
  find("last-work").hidden = !last;
  if (!last) return;
  find("last-work-words").textContent = last.count === 1
    ? t("A picture that you worked on is still in this browser.")
    : t("{count} pictures that you worked on are still in this browser.", last);
  find("last-work-open").addEventListener("click", () => goOnWith(last.key));
  find("last-work-forget").addEventListener("click", async () => {
    await forgetWork(last.key);
    find("last-work").hidden = true;
    document.querySelector("[data-choose]").focus();
  });
}

/** Say what to do without a token, or with a wrong one. */
function askForToken() {
  for (const room of ROOMS) find(room).hidden = true;
  document.querySelector("nav").hidden = true;
  find("token").hidden = false;
  showError(find("token-error"), api.hasToken() ? { message: t("this token is not the right one") } : null);
  find("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    api.useToken(find("token-text").value);
    location.reload();
  });
  find("token-text").focus();
}

start().catch((error) => {
  if (error.status === 401) {
    askForToken();
    return;
  }
  if (api.isOutage(error)) api.line.addEventListener("back", () => location.reload());
  find("color").hidden = false;
  showError(find("fatal"), error);
});
