// Lines around what masks say.

const SOFT = 130; // a part of the mask's width over which its steps are smoothed

/**
 * Draw the outline of a mask, a picture that is white inside, on a canvas, which takes its size;
 * `placing` says where it is in what is shown.
 */
export async function drawOutline(canvas, blob, placing) {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.filter = `blur(${width / SOFT}px)`;
  placing.turnPen(pen, width, height, bitmap);
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const picture = pen.getImageData(0, 0, width, height);
  for (let at = 0; at < picture.data.length; at += 4) {
    // At the edges of the picture the blur has let something in that is not there.
    const inside = picture.data[at] / Math.max(1, picture.data[at + 3]);
    picture.data.set([255, 255, 255, 255 * (1 - Math.abs(2 * inside - 1)) ** 2], at);
  }
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

const AROUND = 16; // directions in which a mask is moved to be a line wider

/** Draw a line around a mask on a canvas, outside of it and `wide` pixels of the canvas. */
export function drawEdge(canvas, mask, placing, wide) {
  const { width, height } = canvas;
  const inside = new OffscreenCanvas(width, height);
  const pen = inside.getContext("2d", { willReadFrequently: true });
  placing.turnPen(pen, width, height, mask);
  pen.drawImage(mask, 0, 0);
  const picture = pen.getImageData(0, 0, width, height);
  for (let at = 3; at < picture.data.length; at += 4) picture.data[at] = picture.data[at] > 127 ? 255 : 0;
  pen.putImageData(picture, 0, 0);
  const line = canvas.getContext("2d");
  line.clearRect(0, 0, width, height);
  for (let step = 0; step < AROUND; step += 1) {
    const angle = (2 * Math.PI * step) / AROUND;
    line.drawImage(inside, wide * Math.cos(angle), wide * Math.sin(angle));
  }
  line.globalCompositeOperation = "destination-out";
  line.drawImage(inside, 0, 0);
  line.globalCompositeOperation = "source-over";
}
