// Files that come by dropping, pasting or choosing: to whatever room is open.

import { find } from "./dom.js";

/** Calls `taken(files, target)`: where they were dropped, or which button asked for them. */
export function takeFiles(taken) {
  const chooser = find("chooser");
  const veil = find("drop-veil");
  let asked = null;
  let depth = 0;

  chooser.addEventListener("change", () => {
    if (chooser.files.length) taken([...chooser.files], asked);
    chooser.value = "";
  });
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    depth += 1;
    veil.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth -= 1;
    veil.hidden = depth > 0;
  });
  addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    depth = 0;
    veil.hidden = true;
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    taken([...event.dataTransfer.files], event.target.closest?.("[data-take]")?.dataset.take ?? null);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    taken(files, document.activeElement?.closest?.("[data-take]")?.dataset.take ?? null);
  });
  return (target, multiple) => {
    asked = target;
    chooser.multiple = multiple;
    chooser.click();
  };
}
