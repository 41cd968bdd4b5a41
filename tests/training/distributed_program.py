"""What tests of several processes run: `rechroma` in double precision, or with an accident.

In single precision two runs drift apart: the last bits depend on how many samples a kernel gets,
the maxima of ST-LPIPS turn them into other gradients, and Adam makes whole steps of the smallest
ones. In double precision what is equal stays equal.

`ACCIDENT` in the environment is RANK:STEP:WHAT: in that step that process meets SIGTERM, SIGKILL,
SIGSTOP, a loss that is NaN, or nothing at all.
"""

import os
import signal
import sys

import rechroma.cli
from rechroma.evaluation.stlpips import STLPIPS
from rechroma.training.losses import Criterion
from rechroma.training.model import ColorizerModel
from rechroma.training.networks import Conditioning

_begin, _answer, _judge = ColorizerModel.__init__, ColorizerModel.forward, Criterion.forward
_features, _distance = STLPIPS.features, STLPIPS.distance
_steps: list[None] = []


def _doubled(self, config, *, pretrained):
    _begin(self, config, pretrained=pretrained)
    self.network.double()


def _forward(self, lightness, conditioning=None):
    given = conditioning and Conditioning(*(each.double() for each in conditioning))
    return _answer(self, lightness.double(), given).float()


def _seen(self, rgb):
    return _features(self.double(), rgb.double())


def _compared(self, x, y):
    return _distance(self, x, y).float()


def in_double_precision(monkeypatch=None):
    """Patch the model and the perceptual metric; for good without pytest's monkeypatch."""
    put = setattr if monkeypatch is None else monkeypatch.setattr
    put(ColorizerModel, "__init__", _doubled)
    put(ColorizerModel, "forward", _forward)
    put(STLPIPS, "features", _seen)
    put(STLPIPS, "distance", _compared)


def _judged(self, raw, truth, part=None):
    rank, step, what = os.environ["ACCIDENT"].split(":")
    _steps.append(None)
    total, values = _judge(self, raw, truth, part)
    if rank == os.environ["RANK"] and len(_steps) == int(step):
        if what == "nan":
            return total * float("nan"), values
        os.kill(os.getpid(), getattr(signal, what))
    return total, values


if __name__ == "__main__":
    in_double_precision()
    if "ACCIDENT" in os.environ:
        Criterion.forward = _judged
    sys.exit(rechroma.cli.main(sys.argv[1:]))
