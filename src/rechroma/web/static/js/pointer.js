// Pointers that drag something.

/** Follow a pressed pointer until it is let go of, or until the browser takes it away. */
export function followPointer(element, { pointerId }, { moved, dropped, cancelled }) {
  const following = new AbortController();
  const on = (type, work) => element.addEventListener(type, (event) => {
    if (event.pointerId === pointerId) work(event);
  }, { signal: following.signal });
  const last = (work) => (event) => {
    following.abort();
    work(event);
  };
  on("pointermove", moved);
  on("pointerup", last(dropped));
  on("pointercancel", last(cancelled));
  element.setPointerCapture(pointerId);
}
