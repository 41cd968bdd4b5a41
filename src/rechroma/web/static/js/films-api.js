// Films at the service, as functions.

import { ask, json, sendFile } from "./api.js";

const at = (id, more = "") => `v1/films/${id}${more}`;
const read = async (asked) => (await asked).json();

/** Whether films can be colored here, and what they may be like. */
export const support = () => read(ask("v1/films"));

export const sendFilm = (file, progress, signal) => sendFile("v1/films", "film", file, progress, signal);

export const filmFacts = (id) => read(ask(at(id)));

export const closeFilm = (id) => ask(at(id), { method: "DELETE" });

export const shotsOf = (id, after) => read(ask(at(id, `/shots?after=${after}`)));

export const shotPreview = async (id, { number, still }) => (
  (await ask(at(id, `/shots/${number}/preview?still=${still}`))).blob());

/** Open the picture that stands for a shot; returns what the service says of it. */
export const openShot = (id, number, way) => read(ask(at(id, `/shots/${number}/open`), { ...way, method: "POST" }));

/** Let a shot follow these colors of its picture. */
export const colorShot = (id, number, edit) => read(ask(at(id, `/shots/${number}/color`), json(edit)));

export const dropStill = (id, number) => read(ask(at(id, `/shots/${number}/still`), { method: "DELETE" }));

/** Begin to color a film, or go on; null for what was wanted last. */
export const renderFilm = (id, options) => read(ask(at(id, "/render"), json(options)));

export const cancelFilm = (id) => read(ask(at(id, "/cancel"), { method: "POST" }));
