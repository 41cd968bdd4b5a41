// The part of a picture that is looked at closely, at the picture's own resolution.

import { Colored } from "./colored.js";
import { whenQuiet } from "./dom.js";
import { Painter } from "./painter.js";

const QUIET = 200; // milliseconds without zooming or moving
const MOST = 2560; // pixels of the part's longer side
const WORTH = 1.15; // how many times finer than what is there it has to be

export class Detail {
  /**
   * @param fetch (picture, box in pixels of what is shown, side, signal) => Promise<Seen>
   * @param amounts (picture, colored) => what it is painted with
   */
  constructor(stage, fetch, amounts) {
    this.stage = stage;
    this.fetch = fetch;
    this.amounts = amounts;
    this.painter = new Painter(stage.closeAfter);
    this.picture = null;
    this.part = null; // { box, side, seen }
    this.look = whenQuiet(() => this.load(), QUIET);
    stage.addEventListener("view", () => this.picture && this.look());
  }

  /** Let go of what is shown. */
  clear() {
    this.asking?.abort();
    this.picture = null;
    this.drop();
  }

  drop() {
    this.asking?.abort();
    this.part?.seen.close();
    this.part = null;
    this.painter.planes = null;
    this.stage.showClose(null);
  }

  /** Go with the colors of a picture, which may be those from before. */
  use(picture) {
    if (picture !== this.picture) {
      this.clear();
      this.picture = picture;
      this.look();
    } else if (this.part) this.paint();
  }

  change() {
    if (this.painter.planes) this.painter.change(this.amounts(this.picture, this.painter.planes));
  }

  paint() {
    const { planes, placing } = this.picture;
    if (!planes) return;
    const [left, top, width, height] = this.part.box;
    const part = [left / placing.width, top / placing.height, width / placing.width, height / placing.height];
    const colored = new Colored(this.part.seen, planes.cells, placing.seen(part), part);
    this.painter.use(colored, this.amounts(this.picture, colored));
  }

  async load() {
    const { picture } = this;
    const wanted = picture && this.wanted(picture);
    if (!wanted) {
      this.drop();
      return;
    }
    if (this.part && JSON.stringify(wanted) === JSON.stringify({ box: this.part.box, side: this.part.side })) return;
    this.asking?.abort();
    const { signal } = this.asking = new AbortController();
    try {
      const seen = await this.fetch(picture, wanted.box, wanted.side, signal);
      if (signal.aborted) {
        seen.close();
        return;
      }
      this.part?.seen.close();
      this.part = { ...wanted, seen };
      this.paint();
      this.stage.showClose(wanted.box, seen.before ?? seen.bitmap);
    } catch {
      // What is there stays: the picture as a whole, less sharp.
    }
  }

  /** Which part would be seen sharper than it is: { box, side }; null for none. */
  wanted({ placing: facts, seen }) {
    const shown = this.stage.shown();
    if (!shown || !seen || seen.width >= facts.width) return null;
    // Pixels of the screen for one of the picture's.
    const density = (shown.width * devicePixelRatio) / facts.width;
    if (density * facts.width < WORTH * seen.width) return null;
    const [left, top, right, bottom] = [
      Math.floor(shown.left * facts.width), Math.floor(shown.top * facts.height),
      Math.ceil(shown.right * facts.width), Math.ceil(shown.bottom * facts.height),
    ];
    const box = [left, top, Math.min(facts.width, right) - left, Math.min(facts.height, bottom) - top];
    const longer = Math.max(box[2], box[3]);
    if (Math.min(box[2], box[3]) < 1) return null;
    return { box, side: Math.max(16, Math.min(MOST, longer, Math.ceil(longer * density))) };
  }
}
