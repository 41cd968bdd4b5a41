// A project: pictures, and what is wanted of them, in one file. It is a zip file.

import { fileOf, keepFile } from "./kept.js";
import { t } from "./text.js";
import { openZip, Zip } from "./zip.js";

const VERSION = 1;
const WORK = "project.json";
const SUFFIX = ".rechroma";

export const isProject = ({ name }) => name?.toLowerCase().endsWith(SUFFIX);

export const projectName = () => `${new Date().toISOString().slice(0, 10)}${SUFFIX}`;

/** Everything in a work that has a file of its own: records with `kept`. */
const recordsOf = ({ color, mood }) => [
  ...color.pictures.flatMap((picture) => [picture, ...picture.moods, ...picture.masks ?? []]),
  ...[mood.source, mood.target, ...mood.spares].filter(Boolean),
];

/**
 * Make a project's file.
 * @param work what the page remembers of itself
 * @param {Map<string, Blob>} files by the keys under which the browser keeps them
 * @param {{ progress: (done: number, all: number) => void, signal: AbortSignal }} way
 */
export async function saveProject(work, files, { progress, signal }) {
  const own = structuredClone(JSON.parse(JSON.stringify(work)));
  const blobs = new Map();
  for (const { kept } of recordsOf(own)) {
    const file = files.get(kept) ?? await fileOf(kept);
    if (file) blobs.set(kept, file);
  }
  own.color.pictures = own.color.pictures.filter(({ kept }) => blobs.has(kept));
  const records = recordsOf(own).filter(({ kept }) => blobs.has(kept));
  const zip = new Zip();
  for (const [index, each] of records.entries()) {
    progress(index, records.length);
    each.path = `pictures/${String(index + 1).padStart(4, "0")}-${each.name.replace(/[\\/:*?"<>|\p{C}]/gu, "_")}`;
    await zip.add(each.path, blobs.get(each.kept), signal);
    delete each.kept;
  }
  own.color.pictures.forEach(hideIds);
  for (const side of [own.mood.source, own.mood.target]) if (side) side.id = null;
  await zip.add(WORK, new Blob([JSON.stringify({ rechroma: VERSION, ...own })]), signal);
  return zip.blob();
}

/** Who has a picture's id may work on it: in a file that goes elsewhere there are none. */
function hideIds(picture) {
  picture.id = null;
  const names = new Map(picture.moods.map(({ id }, index) => [id, `mood-${index + 1}`]));
  for (const mood of picture.moods) mood.id = names.get(mood.id);
  const { now, past, future } = picture.history;
  for (const edit of [now, ...past, ...future]) {
    for (const each of [edit, ...edit.regions ?? []]) if (each.mood) each.mood.id = names.get(each.mood.id) ?? null;
  }
}

/** What the page is to go on with: the work, whose records have their `file` and are kept. */
export async function openProject(blob) {
  try {
    const entries = await openZip(blob);
    const { rechroma, ...work } = JSON.parse(await (await entries.get(WORK)()).text());
    if (rechroma !== VERSION) throw new Error(`version ${rechroma}`);
    for (const each of recordsOf(work)) {
      each.file = new File([await entries.get(each.path)()], each.name);
      each.kept = keepFile(each.file);
    }
    return work;
  } catch {
    throw Object.assign(new Error(t("{name} is no project of this page", blob)), { mend: t("choose a .rechroma file that it has saved") });
  }
}
