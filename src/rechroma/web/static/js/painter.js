// Painting a preview within a frame: coarser while something is dragged, if the machine is slow.

import { show } from "./planes.js";
import { whenQuiet } from "./dom.js";

const FRAME = 12; // milliseconds of a frame of 16 that painting may take

export class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    this.pace = 25e-6; // milliseconds a pixel, until it is measured
    this.waiting = 0;
    this.held = false; // whether something else is shown
    this.finish = whenQuiet(() => this.draw(1), 150);
  }

  /** Paint these planes from now on. */
  use(planes, amounts) {
    this.planes = planes;
    this.amounts = amounts;
    this.release();
  }

  /** Show another picture until `release`: what was to be finished waits. */
  hold(picture) {
    this.held = true;
    show(this.canvas, picture);
  }

  release() {
    this.held = false;
    this.draw(1);
  }

  /** Paint other amounts, in the next frame. */
  change(amounts) {
    this.amounts = amounts;
    if (!this.planes || this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      const step = this.affordableStep();
      this.draw(step);
      if (step > 1) this.finish();
    });
  }

  affordableStep() {
    const cost = this.planes.width * this.planes.height * this.pace;
    return Math.max(1, Math.ceil(Math.sqrt(cost / FRAME)));
  }

  draw(step) {
    if (!this.planes || this.held) return;
    const start = performance.now();
    // What was painted last is painted over: a new picture each time would fill the memory.
    const picture = this.last = this.planes.paint(this.amounts, step, this.last);
    show(this.canvas, picture);
    this.pace = (performance.now() - start) / (picture.width * picture.height);
  }
}
