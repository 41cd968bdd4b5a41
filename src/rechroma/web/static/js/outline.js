// A soft line around what a mask says.

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
