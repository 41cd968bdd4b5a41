// What this page has open at the service: kept while the page is there, given up when it goes.

import * as api from "./api.js";
import { fileOf } from "./kept.js";

const BEAT = 600; // seconds
const HEARD = 2; // seconds until the service has surely heard that another page has gone
const ids = new Set();
// A duplicated tab has the same pictures open.
const pages = new BroadcastChannel("rechroma.pages");
let beating = 0;

/** Send a picture, in spite of refusals that pass; see `api.sendPicture` and `api.patiently`. */
export async function openPicture(file, { progress, signal, refused }) {
  const send = () => api.sendPicture(file, progress, signal);
  return hold(await api.patiently(send, signal, refused));
}

/** What the service says of a picture that was open before the page was loaded again. */
export async function bringBack(id) {
  return hold(await api.facts(id));
}

/**
 * Make sure that the service has a picture, { id, file, kept }: what it has forgotten is sent again.
 * Returns what it says of it.
 */
export async function onceMore({ id, file, kept }, signal) {
  try {
    return await bringBack(id);
  } catch (error) {
    if (error.status !== 404) throw error;
    const again = file ?? await fileOf(kept);
    if (!again) throw error;
    ids.delete(id);
    return openPicture(again, { signal, progress: () => {} });
  }
}

export function closePicture(id) {
  ids.delete(id);
  return api.closePicture(id);
}

/** Tell the service, and the pages that may share pictures with this one, that it goes. */
export function leave() {
  api.leave([...ids]);
  pages.postMessage([...ids]);
}

/** Show the service that pictures are wanted: it counts from their last use. */
export async function touch(wanted = [...ids]) {
  for (const id of wanted.filter((each) => ids.has(each))) {
    try {
      await api.facts(id);
    } catch (error) {
      if (error.status === 404) ids.delete(id);
    }
  }
}

function hold(facts) {
  ids.add(facts.id);
  beating ||= setInterval(touch, 1000 * Math.min(BEAT, facts.expires_after / 3));
  return facts;
}

pages.addEventListener("message", ({ data }) => setTimeout(touch, 1000 * HEARD, data));
