// A soft line around what a mask says.

const WIDTH = 2; // pixels of the mask that are dark, and as many that are light

/** Draw the outline of a mask, a picture that is white inside, on a canvas, which takes its size. */
export async function drawOutline(canvas, blob) {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const mask = pen.getImageData(0, 0, width, height);
  // How much of it is inside, instead of how bright it is.
  for (let at = 0; at < mask.data.length; at += 4) mask.data.set([255, 255, 255, mask.data[at]], at);
  pen.putImageData(mask, 0, 0);
  Object.assign(canvas, { width, height });
  const out = canvas.getContext("2d");
  // Its shadow, and a lighter one nearer to it, without the thing itself.
  for (const [color, blur] of [["#000", 3 * WIDTH], ["#fff", WIDTH]]) {
    out.filter = `drop-shadow(0 0 ${blur}px ${color}) drop-shadow(0 0 ${blur / 2}px ${color})`;
    out.drawImage(pen.canvas, 0, 0);
  }
  out.filter = "none";
  out.globalCompositeOperation = "destination-out";
  out.drawImage(pen.canvas, 0, 0);
  out.globalCompositeOperation = "source-over";
}
