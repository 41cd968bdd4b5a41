// Where places of a photograph lie in what is shown of it: a print made ready may be turned and cropped.

/** Places are { x, y } in pixels of the photograph as it came, or in 0…1 of what is shown. */
export class Placing {
  /**
   * @param facts the photograph's own { width, height }
   * @param ready what making it ready does: { width, height, angle, crop, frame }; null for nothing
   */
  constructor({ width, height }, ready = null) {
    this.whole = { width, height };
    this.width = ready?.width ?? width;
    this.height = ready?.height ?? height;
    const turn = -((ready?.angle ?? 0) * Math.PI) / 180;
    this.turn = { cos: Math.cos(turn), sin: Math.sin(turn) };
    [this.left, this.top] = ready?.crop ?? [0, 0];
    this.frame = ready?.frame ?? null;
  }

  /** Where a pixel's center is shown. */
  shown({ x, y }) {
    const { whole: { width, height }, turn: { cos, sin } } = this;
    const [across, down] = [x + 0.5 - width / 2, y + 0.5 - height / 2];
    return {
      x: (across * cos - down * sin + width / 2 - this.left) / this.width,
      y: (across * sin + down * cos + height / 2 - this.top) / this.height,
    };
  }

  /** Which pixel of the photograph is shown there; it may lie outside. */
  pixel({ x, y }) {
    const { whole: { width, height }, turn: { cos, sin } } = this;
    const across = x * this.width + this.left - width / 2;
    const down = y * this.height + this.top - height / 2;
    return { x: Math.floor(across * cos + down * sin + width / 2), y: Math.floor(down * cos - across * sin + height / 2) };
  }

  /** Whether a pixel of the photograph gets colors: what was cropped, or is a border, gets none. */
  isColored(pixel) {
    const { x, y } = this.shown(pixel);
    const [left, top, right, bottom] = this.frame ?? [0, 0, this.width, this.height];
    return x * this.width >= left && x * this.width < right && y * this.height >= top && y * this.height < bottom;
  }

  /** Bring a pen that draws into `width` × `height` of what is shown to pixels of a mask. */
  turnPen(pen, width, height, mask) {
    const { whole, turn: { cos, sin } } = this;
    const [across, down] = [width / this.width, height / this.height];
    pen.setTransform(across, 0, 0, down, 0, 0);
    pen.transform(1, 0, 0, 1, whole.width / 2 - this.left, whole.height / 2 - this.top);
    pen.transform(cos, sin, -sin, cos, 0, 0);
    pen.transform(whole.width / mask.width, 0, 0, whole.height / mask.height, -whole.width / 2, -whole.height / 2);
  }

  /** A box of what is shown, 0…1, in parts of what the network sees of it. */
  seen([left, top, width, height]) {
    if (!this.frame) return [left, top, width, height];
    const [from, above, to, below] = this.frame;
    const [across, down] = [this.width / (to - from), this.height / (below - above)];
    return [left * across - from / (to - from), top * down - above / (below - above), width * across, height * down];
  }
}
