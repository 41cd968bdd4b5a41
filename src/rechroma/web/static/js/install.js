// The page as a program of its own, whose frame opens without the service, too.

/** Let the browser keep the page itself; nothing where it can't or won't. */
export async function keepPage() {
  try {
    await navigator.serviceWorker?.register("sw.js");
    const { active } = await navigator.serviceWorker?.ready ?? {};
    const parts = performance.getEntriesByType("resource").map(({ name }) => name);
    active?.postMessage([location.href.split("#")[0], ...parts]);
  } catch {
    // It goes on without.
  }
}
