// Handing files to the browser.

import { t } from "./text.js";

/** Save a file that the service gave: { blob, name }. */
export function saveFile({ blob, name }) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Run the work of a button, which waits meanwhile; errors, and what is waited for, go to `failed`. */
export async function withButton(button, work, failed) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    failed(null);
    await work(failed);
    failed(null);
  } catch (error) {
    if (error.name !== "AbortError") failed(error);
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

export const FORMATS = [
  ["", t("as it came")], ["jpeg", "JPEG"], ["png", "PNG"], ["tiff", "TIFF"], ["webp", "WebP"],
  ["avif", "AVIF"],
];
