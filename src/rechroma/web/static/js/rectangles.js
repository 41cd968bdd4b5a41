// Pairs of rectangles: these colors shall become those.

import { make, replaceItems } from "./dom.js";
import { followPointer } from "./pointer.js";
import { t } from "./text.js";

const LEAST = 0.02;
const HUES = ["#d9480f", "#1971c2", "#2f9e44", "#9c36b5", "#e8a90c", "#0c8599", "#c2255c", "#5f3dc4"];

/** Rectangles over one of the two pictures; calls `changed(index, box)`, boxes in 0…1. */
export class Rectangles {
  constructor(frame, label, changed, added) {
    this.frame = frame;
    this.label = label;
    this.changed = changed;
    this.added = added;
    this.layer = make("div", { className: "rectangles" });
    frame.append(this.layer);
    this.drawing = false;
    frame.addEventListener("pointerdown", (event) => this.draw(event));
  }

  show(boxes) {
    replaceItems(this.layer, boxes.map((box, index) => this.item(box, index)), this.frame.parentElement);
  }

  item(box, index) {
    const item = make("button", {
      type: "button", className: "rectangle", style: { ...placed(box), borderColor: HUES[index % HUES.length] },
      aria: { label: t("{label}, pair {number}. Arrows move it, with Shift they change its size, Delete takes the pair away.", { label: this.label, number: index + 1 }) },
    }, make("span", { style: { backgroundColor: HUES[index % HUES.length] } }, String(index + 1)));
    item.addEventListener("keydown", (event) => this.key(event, box, index));
    item.addEventListener("pointerdown", (event) => this.drag(event, item, box, index));
    return item;
  }

  key(event, box, index) {
    const step = 0.02;
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key === "Delete" || event.key === "Backspace") this.changed(index, null);
    else if (ways[event.key]) {
      const [x, y] = ways[event.key];
      const [left, top, width, height] = box;
      this.changed(index, event.shiftKey
        ? within([left, top, width + x, height + y])
        : within([left + x, top + y, width, height]));
    } else return;
    event.preventDefault();
  }

  /** Where a pointer is, 0…1 of the picture. */
  at({ clientX, clientY }) {
    const frame = this.frame.getBoundingClientRect();
    return {
      x: Math.min(1, Math.max(0, (clientX - frame.left) / frame.width)),
      y: Math.min(1, Math.max(0, (clientY - frame.top) / frame.height)),
    };
  }

  /** Move a rectangle with the pointer. */
  drag(event, item, box, index) {
    if (event.button !== 0) return;
    const start = this.at(event);
    const [left, top, width, height] = box;
    const boxTo = ({ x, y }) => within([left + x - start.x, top + y - start.y, width, height]);
    followPointer(item, event, {
      moved: (now) => Object.assign(item.style, placed(boxTo(this.at(now)))),
      dropped: (now) => this.changed(index, boxTo(this.at(now))),
      cancelled: () => Object.assign(item.style, placed(box)),
    });
  }

  /** Draw a rectangle with the pointer, while a pair is being made. */
  draw(event) {
    if (!this.drawing || event.button !== 0 || event.target.closest(".rectangle")) return;
    event.preventDefault();
    const start = this.at(event);
    const ghost = make("div", { className: "rectangle ghost" });
    this.layer.append(ghost);
    const boxTo = (point) => within([
      Math.min(start.x, point.x), Math.min(start.y, point.y),
      Math.abs(start.x - point.x), Math.abs(start.y - point.y),
    ]);
    followPointer(this.frame, event, {
      moved: (now) => Object.assign(ghost.style, placed(boxTo(this.at(now)))),
      dropped: (now) => {
        ghost.remove();
        this.added(boxTo(this.at(now)));
      },
      cancelled: () => ghost.remove(),
    });
  }
}

const placed = ([left, top, width, height]) => ({
  left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * width}%`, height: `${100 * height}%`,
});

function within([left, top, width, height]) {
  const wide = Math.min(1, Math.max(LEAST, width));
  const tall = Math.min(1, Math.max(LEAST, height));
  return [Math.min(1 - wide, Math.max(0, left)), Math.min(1 - tall, Math.max(0, top)), wide, tall];
}

/** A box in whole pixels of a picture. */
export function inPixels([left, top, width, height], facts) {
  const x = Math.min(facts.width - 1, Math.round(left * facts.width));
  const y = Math.min(facts.height - 1, Math.round(top * facts.height));
  return [
    x, y,
    Math.max(1, Math.min(facts.width - x, Math.round(width * facts.width))),
    Math.max(1, Math.min(facts.height - y, Math.round(height * facts.height))),
  ];
}
