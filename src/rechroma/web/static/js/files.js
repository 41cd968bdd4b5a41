// Files that come by dropping, pasting or choosing: to whatever room is open.

import { find } from "./dom.js";

const zoneOf = (element) => element?.closest?.("[data-take]") ?? null;
const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

const FILM_SUFFIXES = [".3gp", ".avi", ".f4v", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m"];

/** Whether a file is a film, as far as its name and the browser tell. */
export const isFilm = ({ name, type }) => type.startsWith("video/") || FILM_SUFFIXES.some((suffix) => name.toLowerCase().endsWith(suffix));

/** Calls `taken(files, target)`: where they were dropped, or which button asked for them. */
export function takeFiles(taken) {
  const chooser = find("chooser");
  let asked = null;

  chooser.addEventListener("change", () => {
    if (chooser.files.length) taken([...chooser.files], asked);
    chooser.value = "";
  });
  showDragging();
  addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    taken([...event.dataTransfer.files], zoneOf(event.target)?.dataset.take ?? null);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    taken(files, zoneOf(document.activeElement)?.dataset.take ?? null);
  });
  const pictures = chooser.accept;
  return (target, multiple) => {
    asked = target;
    chooser.multiple = multiple;
    chooser.accept = { project: ".rechroma", film: ["video/*", ...FILM_SUFFIXES].join() }[target] ?? pictures;
    chooser.click();
  };
}

/** Show where files would go that are dragged over the page: into a zone, or just anywhere. */
function showDragging() {
  let depth = 0;
  const show = (dragging, zone) => {
    document.body.classList.toggle("dragging", dragging);
    for (const each of document.querySelectorAll("[data-take]")) each.classList.toggle("under", each === zone);
    // In the mood room it matters which zone is hit.
    find("drop-veil").hidden = !dragging || zone !== null || !find("mood").hidden;
  };
  addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    depth += 1;
    show(true, zoneOf(event.target));
  });
  addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth -= 1;
    if (depth === 0) show(false, null);
  });
  addEventListener("drop", () => {
    depth = 0;
    show(false, null);
  });
}
