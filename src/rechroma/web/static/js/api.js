// The HTTP service, as functions.

const TOKEN = "rechroma.token";

/** What the service says when it says no: RFC 9457. */
export class ServiceError extends Error {
  constructor(status, detail, mend = "", retryAfter = 0) {
    super(detail);
    this.status = status;
    this.mend = mend;
    this.retryAfter = retryAfter;
  }
}

/** Take the token out of the address (#token=…), so that it does not stay in the history. */
export function takeToken() {
  const found = /[#&]token=([^&]+)/.exec(location.hash);
  if (!found) return;
  sessionStorage.setItem(TOKEN, decodeURIComponent(found[1]));
  history.replaceState(null, "", location.pathname);
}

function headers(more = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

async function problemOf(response) {
  const retry = Number(response.headers.get("Retry-After")) || 0;
  try {
    const { detail, mend } = await response.json();
    return new ServiceError(response.status, detail, mend, retry);
  } catch {
    return new ServiceError(response.status, `the service answers ${response.status}`, "", retry);
  }
}

const pause = (seconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, seconds * 1000);
  signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); });
});

/** Ask, and ask again a few times while the service is busy. */
async function ask(path, options = {}, attempts = 5) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: headers(options.headers) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError(0, "the service can't be reached", "is rechroma serve still running?");
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (attempts > 1 && problem.retryAfter && [429, 503].includes(problem.status)) {
    await pause(problem.retryAfter, options.signal);
    return ask(path, options, attempts - 1);
  }
  throw problem;
}

const json = (body, signal) => ({
  method: "POST", body: JSON.stringify(body), signal,
  headers: { "Content-Type": "application/json" },
});

export const model = async () => (await (await ask("v1/models")).json()).current;

/**
 * Send a picture, and return what the service says of it.
 * @param {Blob} file
 * @param {(share: number) => void} progress called with 0…1 while bytes go out
 * @param {AbortSignal} signal
 */
export function openPicture(file, progress, signal) {
  return new Promise((resolve, reject) => {
    // fetch tells nothing of how far an upload is.
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort);
    request.open("POST", "v1/sessions");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.upload.onload = () => progress(1);
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    request.onerror = () => reject(new ServiceError(0, "the service can't be reached", "is rechroma serve still running?"));
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText));
      else reject(uploadProblem(request));
    };
    const form = new FormData();
    form.append("picture", file, file.name || "pasted.png");
    request.send(form);
  });
}

function uploadProblem(request) {
  const retry = Number(request.getResponseHeader("Retry-After")) || 0;
  try {
    const { detail, mend } = JSON.parse(request.responseText);
    return new ServiceError(request.status, detail, mend, retry);
  } catch {
    return new ServiceError(request.status, `the service answers ${request.status}`, "", retry);
  }
}

export const facts = async (id) => (await ask(`v1/sessions/${id}`)).json();

export const closePicture = (id) => ask(`v1/sessions/${id}`, { method: "DELETE" }, 1).catch(() => {});

/** Say that the page is being closed; the browser sends it even so. */
export function leave(ids) {
  if (ids.length) fetch("v1/sessions/leave", { ...json({ ids }), keepalive: true, headers: headers({ "Content-Type": "application/json" }) });
}

export async function original(id, side, signal) {
  return (await ask(`v1/sessions/${id}/original?side=${side}`, { signal })).blob();
}

/** L and chroma of a preview: { width, height, data: ArrayBuffer }. */
export async function planes(id, edit, side, signal) {
  const response = await ask(`v1/sessions/${id}/planes?side=${side}`, json(edit, signal));
  return {
    width: Number(response.headers.get("X-Width")),
    height: Number(response.headers.get("X-Height")),
    data: await response.arrayBuffer(),
  };
}

export async function likely(id, place, signal) {
  return (await ask(`v1/sessions/${id}/likely`, json(place, signal))).json();
}

export async function moodPreview(id, mood, side, signal) {
  return (await ask(`v1/sessions/${id}/mood/preview?side=${side}`, json(mood, signal))).blob();
}

const fileOf = async (response) => ({ blob: await response.blob(), name: nameOf(response) });

export async function picture(id, edit, format) {
  const query = format ? `?format=${format}` : "";
  return fileOf(await ask(`v1/sessions/${id}/picture${query}`, json(edit)));
}

export async function moodPicture(id, mood, format) {
  const query = format ? `?format=${format}` : "";
  return fileOf(await ask(`v1/sessions/${id}/mood/picture${query}`, json(mood)));
}

export async function moodLook(id, mood) {
  return fileOf(await ask(`v1/sessions/${id}/mood/look`, json(mood)));
}

export async function archive(pictures) {
  return fileOf(await ask("v1/archive", json({ pictures })));
}

function nameOf(response) {
  const header = response.headers.get("Content-Disposition") || "";
  const full = /filename\*=UTF-8''([^;]+)/.exec(header);
  if (full) return decodeURIComponent(full[1]);
  return /filename="([^"]+)"/.exec(header)?.[1] || "picture";
}
