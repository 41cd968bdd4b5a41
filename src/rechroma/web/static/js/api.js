// The HTTP service, as functions.

import { noteWords, problemWords } from "./problems.js";
import { t } from "./text.js";

const TOKEN = "rechroma.token";
const ATTEMPTS = 5;
const LISTEN = 2; // seconds between two looks whether the service is there again

/** What the service says when it says no: RFC 9457. */
export class ServiceError extends Error {
  constructor(status, detail, mend = "", retryAfter = 0) {
    super(detail);
    this.status = status;
    this.mend = mend;
    this.retryAfter = retryAfter;
  }
}

/**
 * Take the token out of the address (#token=…), so that it does not stay in the history.
 * Tells whether there was one.
 */
export function takeToken() {
  const found = /[#&]token=([^&]+)/.exec(location.hash);
  if (!found) return false;
  sessionStorage.setItem(TOKEN, decodeURIComponent(found[1]));
  history.replaceState(null, "", location.pathname);
  return true;
}

/** Take a token that somebody has typed. */
export const useToken = (token) => sessionStorage.setItem(TOKEN, token.trim());

/** Whether there is a token, right or wrong. */
export const hasToken = () => Boolean(sessionStorage.getItem(TOKEN));

/** The headers of a call, with the token if there is one. */
export function headers(more = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

function problemOf(status, retryAfter, body) {
  const retry = Number(retryAfter) || 0;
  try {
    const [what, mend] = problemWords(JSON.parse(body));
    return new ServiceError(status, what, mend, retry);
  } catch {
    return new ServiceError(status, t("the service answers {status}", { status }), "", retry);
  }
}

/** Dispatches "back" when the service that could not be reached can be again. */
export const line = new EventTarget();
let listening = 0;

function unreachable() {
  listening ||= setTimeout(listen, 1000 * LISTEN);
  return new ServiceError(0, t("the service can't be reached"), t("is rechroma serve still running? The page goes on as soon as it is"));
}

async function listen() {
  const there = await fetch("healthz").then(({ status }) => status < 500, () => false);
  listening = there ? 0 : setTimeout(listen, 1000 * LISTEN);
  if (there) line.dispatchEvent(new Event("back"));
}

/** Whether trying again later may help, without anybody doing something else. */
export const isOutage = (problem) => problem?.status === 0;

const pause = (seconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, seconds * 1000);
  signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); });
});

/**
 * Do what may be refused, and do it again a few times if the service says when.
 * @param {() => Promise} work
 * @param {AbortSignal} [signal]
 * @param {(problem) => void} [refused] told what is waited for
 */
export async function patiently(work, signal, refused) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!error.retryAfter || attempt === ATTEMPTS) throw error;
      refused?.({ message: error.message, mend: t("it is tried again in {seconds} s", { seconds: error.retryAfter }) });
      await pause(error.retryAfter, signal);
    }
  }
}

export const ask = (path, { refused, ...options } = {}) =>
  patiently(() => askOnce(path, options), options.signal, refused);

async function askOnce(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: headers(options.headers) });
  } catch (error) {
    throw error.name === "AbortError" ? error : unreachable();
  }
  if (response.ok) return response;
  throw problemOf(response.status, response.headers.get("Retry-After"), await response.text());
}

export const json = (body, { signal, refused } = {}) => ({
  method: "POST", body: JSON.stringify(body), signal, refused,
  headers: { "Content-Type": "application/json" },
});

export const model = async () => (await (await ask("v1/models")).json()).current;

export const sample = async (address) => (await ask(address)).blob();

/** Send a picture, and return what the service says of it; see `sendFile`. */
export const sendPicture = (file, progress, signal) => sendFile("v1/sessions", "picture", file, progress, signal);

/**
 * Send a file to an address as a part of a form, and return what the service says of it.
 * @param {Blob} file
 * @param {(share: number) => void} progress called with 0…1 while bytes go out
 * @param {AbortSignal} signal
 */
export function sendFile(address, part, file, progress, signal) {
  return new Promise((resolve, reject) => {
    // fetch tells nothing of how far an upload is.
    const request = new XMLHttpRequest();
    signal.addEventListener("abort", () => {
      request.abort();
      reject(signal.reason);
    });
    request.open("POST", address);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.upload.onload = () => progress(1);
    request.onerror = () => reject(unreachable());
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText));
      else reject(problemOf(request.status, request.getResponseHeader("Retry-After"), request.responseText));
    };
    const form = new FormData();
    form.append(part, file, file.name || "pasted.png");
    request.send(form);
  });
}

export const facts = async (id) => (await ask(`v1/sessions/${id}`)).json();

export const closePicture = (id) => ask(`v1/sessions/${id}`, { method: "DELETE" }).catch(() => {});

/** Say that the page is being closed; the browser sends it even so. */
export function leave(ids) {
  const request = json({ ids });
  if (ids.length) fetch("v1/sessions/leave", { ...request, keepalive: true, headers: headers(request.headers) });
}

export async function original(id, side, signal) {
  return (await ask(`v1/sessions/${id}/original?side=${side}`, { signal })).blob();
}

/** The same without loss, or a part of it: left, top, width and height in pixels. */
export async function exactly(id, side, signal, box = null) {
  const part = box ? `&box=${box.join(",")}` : "";
  return (await ask(`v1/sessions/${id}/original?side=${side}&exact=true${part}`, { signal })).blob();
}

// `way`, where it is taken: { signal, refused }, see `patiently`.

/** L and chroma of a preview: { width, height, data: ArrayBuffer }. */
export async function planes(id, edit, side, way) {
  const response = await ask(`v1/sessions/${id}/planes?side=${side}`, json(edit, way));
  return {
    width: Number(response.headers.get("X-Width")),
    height: Number(response.headers.get("X-Height")),
    data: await response.arrayBuffer(),
  };
}

/** What the network says of a picture: { width, height, extent, data: ArrayBuffer }. */
export async function cells(id, edit, way) {
  const response = await ask(`v1/sessions/${id}/cells`, json(edit, way));
  return {
    width: Number(response.headers.get("X-Width")),
    height: Number(response.headers.get("X-Height")),
    extent: response.headers.get("X-Extent").split(" ").map(Number),
    layers: (response.headers.get("X-Layers") || "").split(" ").filter(Boolean).map(Number),
    data: await response.arrayBuffer(),
  };
}

/** What belongs together with places, pixels of the photograph, white, as a picture. */
export async function segment(id, inside, side, signal) {
  const places = { inside: inside.map(({ x, y }) => [Math.floor(x), Math.floor(y)]) };
  return (await ask(`v1/sessions/${id}/segment?side=${side}`, json(places, { signal }))).blob();
}

/** Give the service a mask under a name. */
export async function sendMask(id, name, file, signal) {
  const form = new FormData();
  form.append("mask", file, `${name}.png`);
  await ask(`v1/sessions/${id}/masks/${name}`, { method: "PUT", body: form, signal });
}

/** The versions of a picture: { name, strength, vividness, temperature, answer, preview }. */
export async function versions(id, edit, side, way) {
  return (await ask(`v1/sessions/${id}/versions?side=${side}`, json(edit, way))).json();
}

/** What making a print ready would do. */
export async function preparation(id, prepare, side, way) {
  return (await ask(`v1/sessions/${id}/preparation?side=${side}`, json(prepare, way))).json();
}

/** A print made ready, or a part of it: left, top, width and height in its pixels; without loss. */
export async function print(id, prepare, { side, box = null, before = false }, signal) {
  const part = box ? `&box=${box.join(",")}` : "";
  return (await ask(`v1/sessions/${id}/preparation/preview?side=${side}&before=${before}${part}`, json(prepare, { signal }))).blob();
}

export const looks = async () => (await ask("v1/looks")).json();

export const lookTable = async (name) => (await ask(`v1/looks/${encodeURIComponent(name)}/table`)).arrayBuffer();

export async function likely(id, place, signal) {
  return (await ask(`v1/sessions/${id}/likely`, json(place, { signal }))).json();
}

/** A preview, and what is unusual about its source: { blob, notes: string[] }. */
export async function moodPreview(id, mood, side, way) {
  const response = await ask(`v1/sessions/${id}/mood/preview?side=${side}`, json(mood, way));
  return { blob: await response.blob(), notes: JSON.parse(response.headers.get("Rechroma-Notes") || "[]").map(noteWords) };
}

const fileOf = async (response) => ({ blob: await response.blob(), name: nameOf(response) });

export async function picture(id, edit, format, way) {
  const query = format ? `?format=${format}` : "";
  return fileOf(await ask(`v1/sessions/${id}/picture${query}`, json(edit, way)));
}

export async function moodPicture(id, mood, format, way) {
  const query = format ? `?format=${format}` : "";
  return fileOf(await ask(`v1/sessions/${id}/mood/picture${query}`, json(mood, way)));
}

export async function moodLook(id, mood, way) {
  return fileOf(await ask(`v1/sessions/${id}/mood/look`, json(mood, way)));
}

function nameOf(response) {
  const header = response.headers.get("Content-Disposition") || "";
  const full = /filename\*=UTF-8''([^;]+)/.exec(header);
  if (full) return decodeURIComponent(full[1]);
  return /filename="([^"]+)"/.exec(header)?.[1] || "picture";
}
