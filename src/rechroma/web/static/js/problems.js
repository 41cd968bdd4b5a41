// What the service says, in the page's language: by the codes of its problems, and its notes by
// their words. What is not here, and everything in English, stays as the service says it.

import { language, t } from "./text.js";

const PROBLEMS = {
  busy: () => [t("the service is busy"), t("try again a little later")],
  crashed: () => [t("working on this picture went wrong"), t("is the file whole?")],
  "disk-full": () => [t("the service's disk is full"), t("close pictures, or ask whoever runs the service")],
  "film-crashed": () => [t("working on this film ended its process"), t("try again: it goes on from there")],
  "film-not-open": () => [t("this film is not open any more"), t("send it again")],
  "film-too-large": () => [t("this film is longer or larger than the service takes"), t("send a part of it, or make it smaller")],
  "films-not-installed": () => [t("the service can't read films: a part of it is not installed"), t("ask whoever runs the service")],
  "model-loading": () => [t("the model is being loaded"), t("try again a little later")],
  "no-film": () => [t("this is no film of a kind that is read here"), t("send MP4, QuickTime, Matroska, WebM, AVI, MPEG, MXF, Ogg, WMV or FLV")],
  "no-model": () => [t("the service has no model that works"), t("ask whoever runs the service")],
  "no-picture": () => [t("this is no picture of a kind that is read here"), t("send a JPEG, PNG, TIFF or WebP")],
  "no-room-for-film": () => [t("the service has no room for more of this film"), t("close other films or pictures, and try again: it goes on from there")],
  "not-open": () => [t("this picture is not open any more"), t("open it again")],
  stopping: () => [t("the service is stopping"), t("try again when it is back")],
  "too-little-memory": () => [t("the service has too little memory for this picture"), t("make the picture smaller")],
  "too-many-bytes": () => [t("this file is too large"), t("send a smaller file")],
  "too-many-films": () => [t("too many films are open at once"), t("close films, or try again a little later")],
  "too-many-open": () => [t("too many pictures are open at once"), t("close pictures, or try again a little later")],
  "too-many-pixels": () => [t("this picture has too many pixels"), t("make the picture smaller")],
  "too-slow": () => [t("the file took too long to arrive"), t("send a smaller file, or on a faster line")],
  "took-too-long": () => [t("this picture took too long"), t("make the picture smaller")],
  unexpected: () => [t("something unexpected went wrong in the service"), t("whoever runs the service finds more in its log")],
  "unreadable-picture": () => [t("this picture can't be read"), t("is the file whole?")],
  "unwritable-picture": () => [t("this picture can't be saved in this format"), t("choose another format")],
};

// Of what has no code: how it begins, and what the page says then.
const SENTENCES = [
  [/^(.+): black and white: its tones are transferred/, (name) => [
    t("{name} is black and white: its tones are transferred, and the other picture loses its colors; are the two swapped?", { name })]],
  [/^the source is black and white, and the target's lightness is kept/, () => [
    t("the mood picture is black and white, and light and dark are kept: nothing is left to transfer"),
    t("choose a photograph in color, or let light and dark change, too")]],
  [/^(.+): the mood is black and white/, (name) => [
    t("{name} is black and white: it has no colors for a photograph", { name }), t("choose a photograph in color")]],
];

function sentence(text) {
  for (const [beginning, say] of SENTENCES) {
    const found = beginning.exec(text);
    if (found) return say(found[1]);
  }
  return null;
}

/** A problem of the service as people shall read it: [what is wrong, what can be done about it]. */
export function problemWords({ code = "", detail, mend = "" }) {
  if (language === "en") return [detail, mend];
  const known = Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code]() : sentence(detail);
  return known ?? [detail, mend];
}

/** What is unusual about a picture, as people shall read it. */
export const noteWords = (note) => (language === "en" ? note : sentence(note)?.[0] ?? note);
