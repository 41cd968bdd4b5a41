// What is seen before there are any photographs: one that gets its color, and samples for both rooms.

import * as api from "./api.js";
import { find, make, showError } from "./dom.js";
import { withButton } from "./save.js";
import { t } from "./text.js";

const SARATOGA = "saratoga-springs-broadway-1900s.jpg";
const SAMPLES = [
  [SARATOGA, t("Saratoga Springs, about 1910")],
  ["louis-armstrong-1946.jpg", t("Louis Armstrong, 1946")],
  ["pea-pickers-nipomo-1936.jpg", t("Migrant Mother, 1936")],
];
const MOOD = ["coffee.jpg", SARATOGA]; // where it is taken from, and what gets it

const addressOf = (file) => `static/samples/${file}`;
const sample = async (file) => new File([await api.sample(addressOf(file))], file, { type: "image/jpeg" });
const image = (file) => make("img", { src: addressOf(file), alt: "", width: 160, height: 160 });

/** Offer samples; `color(files)` and `mood(source, target)` take them. */
export function welcome({ color, mood }) {
  const take = (work, error) => ({ currentTarget }) => withButton(currentTarget, work, (problem) => showError(find(error), problem));
  find("samples").append(...SAMPLES.map(([file, name]) => make("li", {}, make("button", {
    type: "button", aria: { label: t("Color the sample: {name}", { name }) },
    on: { click: take(async () => color([await sample(file)]), "sample-error") },
  }, image(file), make("span", {}, name)))));
  find("mood-samples").append(make("button", {
    type: "button", aria: { label: t("Take the samples: coffee, and Saratoga Springs") },
    on: { click: take(async () => mood(...await Promise.all(MOOD.map(sample))), "mood-sample-error") },
  }, image(MOOD[0]), make("span", { aria: { hidden: "true" } }, "→"), image(MOOD[1])));
  play();
}

/** Let the photograph get its color as soon as both of its pictures are there. */
async function play() {
  const both = [...find("showing").querySelectorAll("img")];
  await Promise.allSettled(both.map((each) => each.decode()));
  find("showing").classList.add("plays");
}
