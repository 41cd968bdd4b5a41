// Keeps the page itself, so that it opens when the service can't be reached. Pictures, and whatever
// is asked of the service, never pass through here. What is newest comes first.

const SHELL = "rechroma-shell";
const root = new URL("./", self.location);

const isShell = ({ method, url }) => {
  const { origin, pathname } = new URL(url);
  return method === "GET" && origin === root.origin
    && (pathname === root.pathname || pathname.startsWith(`${root.pathname}static/`));
};
// The address of a page may carry more than its path.
const keyOf = ({ url }) => new URL(url).pathname;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// A page that was there before this worker says what it is made of.
self.addEventListener("message", (event) => {
  const parts = event.data.filter((url) => isShell({ method: "GET", url }));
  const paths = new Set(parts.map((url) => keyOf({ url })));
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll([...paths])));
});

self.addEventListener("fetch", (event) => {
  if (isShell(event.request)) event.respondWith(newest(event.request));
});

async function newest(request) {
  const kept = async () => (await caches.open(SHELL)).match(keyOf(request));
  try {
    const answer = await fetch(request);
    if (answer.status === 200) await (await caches.open(SHELL)).put(keyOf(request), answer.clone());
    // A proxy whose service is gone.
    return answer.status >= 502 ? await kept() ?? answer : answer;
  } catch (error) {
    const answer = await kept();
    if (!answer) throw error;
    return answer;
  }
}
