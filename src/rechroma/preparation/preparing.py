"""Making an old print ready: what is found on it, and the photo without that."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from rechroma.colorizer.color_detection import is_color
from rechroma.colorizer.masks import plane_of_picture, resampled
from rechroma.errors import UsageError
from rechroma.photo import Photo, read
from rechroma.photo.samples import is_one_channel, quantize, requantize, row_strips, to_float
from rechroma.preparation import border as borders
from rechroma.preparation import scratches as marks
from rechroma.preparation.geometry import Geometry
from rechroma.preparation.inpainting import inpainted
from rechroma.preparation.negative import looks_negative
from rechroma.preparation.options import PrepareOptions
from rechroma.preparation.planes import thumbnail
from rechroma.preparation.tint import find_tint, gray_of, is_stained
from rechroma.preparation.tone import ends_of, find_contrast, stretched

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rechroma.colorizer.colorizer import PhotoLike
    from rechroma.preparation.border import Border
    from rechroma.preparation.geometry import Box
    from rechroma.preparation.tint import Tint
    from rechroma.preparation.tone import Contrast

    Mask = NDArray[np.bool_]

__all__ = ["Finding", "FindingKind", "Preparation", "prepare"]

FindingKind: TypeAlias = Literal[
    "border", "slant", "tint", "contrast", "scratches", "negative", "color"
]

# Pixels of the longer side of the thumbnails on which tones are looked at.
_TONES = 512
# A print that is slanted by less is taken for upright: degrees.
_LEAST_SLANT = 0.3
# The picture begins so far inside of the border that was found: thumbnails' pixels are mixed there.
_MARGIN = 0.5
# Encoded gray that is white in pictures of the night, but for lamps and stars.
_NIGHT = 0.45
# What is lighter in a mask, of 0…255, is filled.
_HALF = 127


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found on a print.

    Attributes:
        kind: What: "border", "slant", "tint", "contrast", "scratches", "negative"; or "color": the
            picture is in color, so its tones were left alone.
        reason: By what it is known, in a few words.
        done: What was done about it, such as "cropped"; "" for nothing.
    """

    kind: FindingKind
    reason: str
    done: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}; {self.done or 'left as it is'}"


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """A print made ready, and what was found on it.

    Attributes:
        photo: The print made ready; the very photo that was given if nothing was done.
        original: The same without what was done to tones and scratches: as large, as straight, and
            cropped alike.
        findings: What was found, each with its reason.
        border: Where the picture lies in its border, in pixels of what was given; None without.
        scratches: What was filled, in pixels of what was given, shape (H, W); None for nothing.
        frame: Left, top, right and bottom of the picture in `photo`, if its border is masked.
        geometry: How places of what was given lie in `photo`.

    Examples:
        A picture that is made to fade, and what is found on it:

        >>> import numpy as np
        >>> import rechroma
        >>> faded = np.asarray(rechroma.read("examples/louis-armstrong-1946.jpg")) // 3 + 80
        >>> ready = rechroma.prepare(faded)
        >>> for finding in ready.findings:
        ...     print(finding.kind, finding.done)
        contrast restored
        >>> [int(np.ptp(each.to_uint8())) for each in (ready.original, ready.photo)]
        [85, 2...]
    """

    photo: Photo
    original: Photo
    findings: tuple[Finding, ...]
    border: Border | None = None
    scratches: Mask | None = field(default=None, repr=False)
    frame: Box | None = None
    geometry: Geometry = field(default_factory=lambda: Geometry((0, 0)))

    @property
    def is_changed(self) -> bool:
        """Whether anything was done."""
        return any(finding.done for finding in self.findings)

    @property
    def is_in_color(self) -> bool:
        """Whether the picture is in color; a black-and-white print's tint and stains are none."""
        return any(finding.kind == "color" for finding in self.findings)

    @property
    def summary(self) -> str:
        """What was done, such as "border cropped, contrast restored"; "" for nothing."""
        return ", ".join(f"{each.kind} {each.done}" for each in self.findings if each.done)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of what was given lies in `inside`, in pixels, edges from 0."""
        left, top = (0, 0) if self.frame is None else self.frame[:2]
        there = self.geometry.place(x, y)
        return there[0] - left, there[1] - top

    def inside(self, photo: Photo) -> Photo:
        """Return the part of `photo` or of `original` that is inside of a masked border."""
        if self.frame is None:
            return photo
        return Geometry((photo.width, photo.height), crop=self.frame).apply(photo)

    def framed(self, picture: Photo, *, blank: bool = False) -> Photo:
        """Return a picture of the size of `inside` with the masked border around it.

        A negative's border is inverted as the picture is.

        Args:
            picture: The picture; itself if there is no masked border.
            blank: Make the border black, instead of what it was, and nothing transparent.
        """
        if self.frame is None:
            return picture
        left, top, right, bottom = self.frame
        around = requantize(self.original.samples, picture.samples.dtype)
        samples = np.zeros_like(around) if blank else np.array(around)
        samples[top:bottom, left:right] = picture.samples
        alpha = None if blank else self.original.alpha
        return replace(picture.with_pixels(samples), alpha=alpha)


def prepare(
    source: PhotoLike,
    options: PrepareOptions | None = None,
    *,
    scratch_mask: PhotoLike | None = None,
) -> Preparation:
    """Make an old print ready for the colorizer: find what age has added, and undo it.

    Nothing is changed where nothing is found, and what is found is told. A negative is inverted
    only if the options say so, and tones of a picture in color are left alone.

    Args:
        source: A path, bytes, a binary file, a PIL image, an array or a `Photo`.
        options: What to look for, and what to do about it; None for the defaults.
        scratch_mask: What to fill, instead of what would be found: perhaps
            `Preparation.scratches`, edited. White on black or opaque on transparent, of any size
            in the shape of the picture, as other masks; see `rechroma.Mask`.

    Raises:
        PhotoError: It can't be read.
        UsageError: The mask is of another shape, or white all over.

    Examples:
        >>> import rechroma
        >>> ready = rechroma.prepare("examples/louis-armstrong-1946.jpg")
        >>> ready.is_changed, ready.photo.width, ready.photo.height
        (False, 880, 678)
    """
    options = options or PrepareOptions()
    given = source if isinstance(source, Photo) else read(source)
    return _Print(given, options, _mask_of(scratch_mask, given)).prepared()


def _mask_of(mask: PhotoLike | None, photo: Photo) -> Mask | None:
    if mask is None:
        return None
    drawn = mask if isinstance(mask, Photo) else read(mask)
    plane = resampled(plane_of_picture(drawn, photo), (photo.height, photo.width))
    inside = plane > _HALF
    if inside.all():
        raise UsageError(
            f"{drawn.name}: the mask is white all over", "paint white only what is to be filled"
        )
    return inside


class _Print:
    """One print on its way through the steps, each of which looks at what the ones before left."""

    def __init__(self, given: Photo, options: PrepareOptions, mask: Mask | None) -> None:
        self._given = given
        self._options = options
        self._mask = mask
        self._findings: list[Finding] = []

    def prepared(self) -> Preparation:
        """Take all steps."""
        positive = self._positive(self._given)
        border = self._border(positive)
        changed, scratches = self._tones(positive, border)
        geometry, frame = self._geometry(border)
        if border is not None and self._options.border == "mask" and changed is not positive:
            changed = _with_border(changed, positive, border)
        photo = geometry.apply(changed)
        original = photo if changed is positive else geometry.apply(positive)
        return Preparation(
            photo, original, tuple(self._findings), border, scratches, frame, geometry
        )

    def _found(self, kind: FindingKind, reason: str, done: str = "") -> None:
        self._findings.append(Finding(kind, reason, done))

    def _positive(self, photo: Photo) -> Photo:
        """Invert a negative if that was asked for, and tell if it looks like one."""
        if self._options.negative:
            self._found("negative", "as you said", "inverted")
            return _inverted(photo)
        small = thumbnail(photo, _TONES)[0]
        if looks_negative(gray_of(small, None, (0, len(small), len(small)))):
            self._found("negative", "light and dark lie as in a negative")
        return photo

    def _border(self, photo: Photo) -> Border | None:
        small, factor = thumbnail(photo, borders.THUMBNAIL)
        found = borders.find_border(small)
        if found is None:
            return None
        found = found.scaled(factor)
        done = {"keep": "", "mask": "masked", "crop": "cropped"}[self._options.border]
        left, top, right, bottom = (round(each) for each in found.box)
        self._found("border", f"the picture lies within {left},{top} and {right},{bottom}", done)
        return found

    def _geometry(self, border: Border | None) -> tuple[Geometry, Box | None]:
        """Return how the photo is turned and cropped, and where a masked picture lies."""
        size = self._given.width, self._given.height
        if border is None:
            return Geometry(size), None
        angle = border.angle if abs(border.angle) >= _LEAST_SLANT else 0.0
        if angle:
            done = "straightened" if self._options.straighten else ""
            self._found("slant", f"its edges are slanted by {border.angle:.1f}°", done)
        turned = Geometry(size, angle if self._options.straighten else 0.0)
        box = _box(tuple(turned.place(*each) for each in border.corners), size)
        match self._options.border:
            case "crop":
                return replace(turned, crop=box), None
            case "mask":
                return turned, box
            case _:
                return turned, None

    def _tones(self, photo: Photo, border: Border | None) -> tuple[Photo, Mask | None]:
        """Return the photo with its tones restored and its scratches filled, and the scratches."""
        options = self._options
        picture, size = photo, (photo.width, photo.height)
        if border is not None:
            picture = Geometry(size, crop=_box(border.corners, size)).apply(photo)
        in_color = is_color(picture) and not self._is_stained(photo, border)
        tint = contrast = None
        if in_color:
            self._found("color", "the picture is in color")
        else:
            tint, contrast = self._tint_and_contrast(photo, border)
        # What has faded has lost most of its tint, too, and would get it back with its contrast.
        to_gray = options.neutralize and (tint is not None or contrast is not None)
        changed = _restored(photo, tint, contrast, to_gray=to_gray)
        mask = self._mask
        if mask is not None:
            some = bool(mask.any())
            which = "in" if some else "none in"
            self._found("scratches", f"{which} the mask that was given", "filled" if some else "")
        elif options.scratches and not in_color:
            mask = self._scratches(photo, border, tint)
        if mask is None or not mask.any():
            return changed, None
        return changed.with_pixels(inpainted(changed.samples, mask)), mask

    def _is_stained(self, photo: Photo, border: Border | None) -> bool:
        small, factor = thumbnail(photo, _TONES)
        return is_stained(small, _inside(border, small.shape[:2], factor))

    def _tint_and_contrast(
        self, photo: Photo, border: Border | None
    ) -> tuple[Tint | None, Contrast | None]:
        options = self._options
        small, factor = thumbnail(photo, _TONES)
        inside = _inside(border, small.shape[:2], factor)
        tint = find_tint(small, inside)
        if tint is not None:
            seen = [f"a warm tint of chroma {tint.chroma:.0f}"] if tint.chroma >= 0.5 else []
            seen += ["stains"] if tint.has_stains else []
            done = "made gray" if options.neutralize else ""
            self._found("tint", " and ".join(seen) or "a faint warm tint", done)
        gray = gray_of(small, tint, (0, len(small), len(small)))
        contrast = find_contrast(gray, inside, tint)
        if contrast is not None:
            low, high = (round(100 * each) for each in (contrast.low, contrast.high))
            done = "restored" if options.contrast else ""
            self._found("contrast", f"its tones reach from {low} to {high} % alone", done)
        return tint, contrast if options.contrast else None

    def _scratches(self, photo: Photo, border: Border | None, tint: Tint | None) -> Mask | None:
        small, factor = thumbnail(photo, marks.THUMBNAIL)
        inside = _inside(border, small.shape[:2], factor)
        gray = gray_of(small, tint, (0, len(small), len(small)))
        at_night = ends_of(gray, inside)[1] < _NIGHT
        found = marks.find_scratches(stretched(gray, inside), inside, at_night=at_night)
        if found is None:
            return None
        lines = f"{found.lines} scratch{'es' if found.lines != 1 else ''}" if found.lines else ""
        specks = f"{found.specks} specks of dust" if found.specks else ""
        self._found("scratches", " and ".join(filter(None, (lines, specks))), "filled")
        large = found.mask.repeat(factor, axis=0).repeat(factor, axis=1)
        return large[: photo.height, : photo.width]


def _inverted(photo: Photo) -> Photo:
    samples = photo.samples
    planes = samples[..., :1] if is_one_channel(samples) else samples
    top = 1 if samples.dtype.kind == "f" else np.iinfo(samples.dtype).max
    result = photo.with_pixels(np.broadcast_to(top - planes, samples.shape))
    return replace(result, was_gray=photo.was_gray)


def _box(corners: tuple[tuple[float, float], ...], size: tuple[int, int]) -> Box:
    """Return the largest upright box inside of four corners, nearly, in whole pixels."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    left, top = math.ceil(max(x0, x3, 0) + _MARGIN), math.ceil(max(y0, y1, 0) + _MARGIN)
    right, bottom = math.floor(min(x1, x2, size[0])), math.floor(min(y2, y3, size[1]))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _inside(border: Border | None, shape: tuple[int, ...], factor: int) -> Mask:
    """Return what of a thumbnail is the picture, a little less than all of it."""
    if border is None:
        return np.ones(shape, bool)
    return _polygon(border.scaled(1 / factor), shape, 2.0)


def _polygon(border: Border, shape: tuple[int, ...], margin: float) -> Mask:
    corners = np.array(border.corners)
    middle = corners.mean(axis=0)
    corners = corners + np.sign(middle - corners) * margin
    sheet = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(sheet).polygon([(float(x) - 0.5, float(y) - 0.5) for x, y in corners], fill=1)
    return np.asarray(sheet)


def _with_border(changed: Photo, original: Photo, border: Border) -> Photo:
    """Return a changed photo whose border is as it was."""
    inside = _polygon(border, changed.samples.shape[:2], _MARGIN)
    samples = np.where(inside[..., None], changed.samples, original.samples)
    return replace(changed, samples=samples)


def _restored(
    photo: Photo, tint: Tint | None, contrast: Contrast | None, *, to_gray: bool
) -> Photo:
    """Return a photo in its own depth with the tones that it had; itself if nothing was found."""
    if not to_gray and contrast is None:
        return photo
    samples = photo.samples
    gray = to_gray or is_one_channel(samples)
    result: NDArray[Any] = np.empty((*samples.shape[:2], 1 if gray else 3), samples.dtype)
    for rows in row_strips(samples.shape):
        strip = to_float(samples[rows])
        if to_gray:
            strip = gray_of(strip, tint, (rows.start, rows.stop, photo.height))[..., None]
        elif gray:
            strip = strip[..., :1]
        strip = np.asarray(strip, np.float32)
        if contrast is not None:
            strip = contrast.restored(strip)
        result[rows] = quantize(strip, samples.dtype)
    changed = photo.with_pixels(np.broadcast_to(result, samples.shape))
    return replace(changed, was_gray=gray)
