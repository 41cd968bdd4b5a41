// What the browser itself keeps of the work: the files, and what is wanted of them. Everything goes
// on without, where the browser has no room or no will to keep anything.

const WORK = "rechroma.work"; // which work this tab does
const QUICK = "rechroma.kept"; // the same as in the database, but there at once
const DAY = 24 * 3600 * 1000;
const MOMENT = 60 * 1000; // until another tab has surely said that it needs a file

let opened = null;
let mine = null;

const database = () => opened ??= new Promise((resolve, reject) => {
  const asked = indexedDB.open("rechroma", 1);
  asked.onupgradeneeded = () => {
    for (const name of ["files", "works"]) asked.result.createObjectStore(name);
  };
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});

/** Do one thing with a store; what can't be done gives undefined. */
async function inStore(name, mode, work) {
  try {
    const transaction = (await database()).transaction(name, mode);
    const asked = work(transaction.objectStore(name));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    return asked.result;
  } catch {
    return undefined;
  }
}

// Not randomUUID, which pages without TLS don't have.
export const newKey = () => `${Date.now()}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
const ageOf = (key) => Date.now() - Number(key.split("-")[0]);

/** Keep a file; returns the key under which it is found again. */
export function keepFile(file) {
  const key = newKey();
  inStore("files", "readwrite", (store) => store.put(file, key));
  return key;
}

/** The file of a key, undefined if it is not there. */
export const fileOf = (key) => (key ? inStore("files", "readonly", (store) => store.get(key)) : undefined);

/** Keep what is wanted of the files: any value, and the keys of the files that it needs. */
export function keepWork(work, files) {
  const text = JSON.stringify(work);
  try {
    sessionStorage.setItem(QUICK, text);
  } catch {
    sessionStorage.removeItem(QUICK); // too much: the database has it
  }
  keepSoon(text, files);
}

let timer = 0;
function keepSoon(text, files) {
  clearTimeout(timer);
  timer = setTimeout(() => inStore("works", "readwrite", (store) => (files.length
    ? store.put({ text, files, at: Date.now() }, mine) : store.delete(mine))), 200);
}

/** What this tab was doing before it was loaded again; null if it is new. */
export async function takeUpWork() {
  const before = sessionStorage.getItem(WORK);
  const quick = sessionStorage.getItem(QUICK);
  // A duplicated tab goes on with a copy.
  mine = before && await hold(before) ? before : newKey();
  if (mine !== before) await hold(mine);
  sessionStorage.setItem(WORK, mine);
  const text = quick ?? (before && await inStore("works", "readonly", (store) => store.get(before)))?.text;
  return text ? JSON.parse(text) : null;
}

/** Hold a work for as long as this page is there; tells whether no other page does. */
const hold = (key) => new Promise((resolve) => {
  if (!navigator.locks) {
    resolve(true);
    return;
  }
  navigator.locks.request(`${WORK}.${key}`, { ifAvailable: true }, (lock) => {
    resolve(Boolean(lock));
    return lock ? new Promise(() => {}) : undefined;
  });
});

/** The last work that no page is at, of the last day: { key, count }; null if there is none. */
export async function lastWork() {
  const held = new Set(((await navigator.locks?.query())?.held ?? []).map(({ name }) => name));
  const keys = await inStore("works", "readonly", (store) => store.getAllKeys()) ?? [];
  const works = await Promise.all(keys.filter((key) => !held.has(`${WORK}.${key}`)).map(async (key) => (
    { key, ...await inStore("works", "readonly", (store) => store.get(key)) })));
  const [last] = works.filter(({ at }) => Date.now() - at < DAY).sort((one, other) => other.at - one.at);
  for (const { key } of works.filter((each) => !(Date.now() - each.at < DAY))) await forgetWork(key);
  return last ? { key: last.key, count: last.files.length } : null;
}

/** Go on with a work that no page is at. */
export function goOnWith(key) {
  sessionStorage.setItem(WORK, key);
  sessionStorage.removeItem(QUICK);
  location.reload();
}

export const forgetWork = async (key) => {
  await inStore("works", "readwrite", (store) => store.delete(key));
  await tidy();
};

/** Delete the files that no work needs, but for those that are needed here. */
export async function tidy(needed = []) {
  const works = await inStore("works", "readonly", (store) => store.getAll()) ?? [];
  const wanted = new Set([...needed, ...works.flatMap(({ files }) => files)]);
  const keys = await inStore("files", "readonly", (store) => store.getAllKeys()) ?? [];
  for (const key of keys) {
    if (!wanted.has(key) && ageOf(key) > MOMENT) await inStore("files", "readwrite", (store) => store.delete(key));
  }
}
