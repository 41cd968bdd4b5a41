"""How often each thing happens to a sample."""

from __future__ import annotations

from dataclasses import dataclass, fields

from rechroma.errors import ConfigError

__all__ = ["AugmentationOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationOptions:
    """Probabilities, each 0…1; how strong a step is, is drawn by the step.

    Attributes:
        min_scale: The smallest crop's area, as a share of the largest square's; above 0.
        mirror: Of a flip of left and right.
        degraded: Share of the samples that are seen as old prints.
        recompressed: Share of the samples that are seen as copies. The two together: at most 1.
        print_blur: Of an old print: a soft lens.
        print_vignette: Of an old print: corners that are darker.
        print_grade: Of an old print: another tone curve.
        print_fade: Of an old print: blacks and whites turned gray.
        print_grain: Of an old print: grain of the film.
        print_scratches: Of an old print: scratches and dust.
        print_halftone: Of an old print: a newspaper's screen.
        print_jpeg: Of an old print: its scan is a JPEG.
        copy_shift: Of a copy: moved by at most a pixel.
        copy_shrink: Of a copy: smaller and enlarged again.
        copy_noise: Of a copy: a little noise.
        copy_jpeg: Of a copy: JPEG.
        hints: Of color hints. As in Zhang et al. 2017 most often there are none.
        many_hints: Of many hints, where there are any.
        hint_discs: Of a hint that is a disc, not a square.
        hint_strokes: Of a hint that is a stroke of a brush.
        mood: Of a mood, independently of hints.

    Raises:
        ConfigError: A probability is not one.
    """

    min_scale: float = 0.5
    mirror: float = 0.5
    degraded: float = 0.15
    recompressed: float = 0.25
    print_blur: float = 0.4
    print_vignette: float = 0.3
    print_grade: float = 0.6
    print_fade: float = 0.4
    print_grain: float = 0.5
    print_scratches: float = 0.2
    print_halftone: float = 0.15
    print_jpeg: float = 0.5
    copy_shift: float = 0.4
    copy_shrink: float = 0.6
    copy_noise: float = 0.5
    copy_jpeg: float = 0.5
    hints: float = 0.4
    many_hints: float = 0.1
    hint_discs: float = 0.0
    hint_strokes: float = 0.0
    mood: float = 0.3

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value <= 1 or (field.name == "min_scale" and value == 0):
                raise ConfigError(f"augmentation's {field.name} is {value}", "give 0…1")
        if self.degraded + self.recompressed > 1:
            total = self.degraded + self.recompressed
            raise ConfigError(
                f"augmentation's degraded and recompressed add up to {total:g}", "give at most 1"
            )
