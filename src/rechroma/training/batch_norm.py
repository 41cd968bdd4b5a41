"""Batch norms whose statistics do not depend on how a step is shared out.

A batch norm's mean and variance are those of the samples that it sees together. Here these are the
samples of one part of a step, on all processes, as in a run of one process; or groups of a fixed
number of samples ("ghost batches": Hoffer, Hubara & Soudry 2017), and then parts make no
difference either. The running averages change once a step, by the mean over all groups of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from rechroma.errors import ConfigError

if TYPE_CHECKING:
    from rechroma.training.distributed import Processes
    from rechroma.training.split import Split

__all__ = ["BatchNorms"]


class BatchNorms:
    """The batch norms of a model under training.

    Args:
        model: Its norms are changed in their class alone: weights and names stay.
        split: How a step is shared out.
        group: Samples whose statistics are taken together; None: those of a part of the step.
        processes: Who shares the run.

    Raises:
        ConfigError: What a network sees at once can't be cut into such groups.
    """

    def __init__(
        self, model: nn.Module, split: Split, group: int | None, processes: Processes
    ) -> None:
        self._norms: list[_Shared] = []
        self._processes = processes
        if group is not None and split.share % group:
            raise ConfigError(
                f"NORM_BATCH {group} does not divide the {split.share} samples that a process "
                f"sees at once (BATCH {split.batch} over {split.processes} processes in "
                f"{split.parts} parts each)",
                "set it to a number that does, or leave it out",
            )
        if group is None and split.processes == split.parts == 1:
            return
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                usual = type(module)
                shared = type(f"Shared{usual.__name__}", (_Shared, usual), {})
                norm = cast("_Shared", module)
                norm.__class__ = shared
                norm.samples, norm.pending = group, []
                self._norms.append(norm)

    def commit(self) -> None:
        """Move the running averages, after all parts of a step."""
        norms = [norm for norm in self._norms if norm.pending]
        if not norms:
            return
        found = [torch.stack(norm.pending).mean(0) for norm in norms]
        together = torch.cat([each.flatten() for each in found])
        total = self._processes.total(together.double()) / self._processes.size
        pieces = total.to(together).split([each.numel() for each in found])
        for norm, piece in zip(norms, pieces, strict=True):
            norm.move(*piece.view(2, -1))
        self.forget()

    def forget(self) -> None:
        """Leave the running averages as they were before the step."""
        for norm in self._norms:
            norm.pending.clear()


class _Shared(nn.BatchNorm2d):
    """A batch norm, or a child of one with an activation, that shares its statistics.

    Attributes:
        samples: Of a group; None: all processes' together.
        pending: Mean and unbiased variance of each group since the last commit, shape (2, C).
    """

    samples: int | None
    pending: list[Tensor]

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's own name
        """See `torch.nn.BatchNorm2d`."""
        if not self.training:
            return super().forward(input)
        groups = self.samples
        x = self._over_all(input) if groups is None else self._in_groups(input, groups)
        # Those of timm have an activation in them.
        for name in ("drop", "act"):
            after: nn.Module | None = getattr(self, name, None)
            x = x if after is None else after(x)
        return x

    def move(self, mean: Tensor, variance: Tensor) -> None:
        """Take a step's statistics into the running averages, as every batch norm does."""
        share = self.momentum or 0.0
        for average, found in ((self.running_mean, mean), (self.running_var, variance)):
            if average is not None:
                average.lerp_(found, share)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked += 1

    def _in_groups(self, x: Tensor, samples: int) -> Tensor:
        normalized: list[Tensor] = []
        for group in x.split(samples):
            found = self.weight.new_zeros(2, self.num_features)
            # With a momentum of 1 the running averages are the group's own.
            normalized.append(
                F.batch_norm(
                    group, found[0], found[1], self.weight, self.bias, training=True, momentum=1.0,
                    eps=self.eps,
                )
            )  # fmt: skip
            self.pending.append(found)
        return torch.cat(normalized)

    def _over_all(self, x: Tensor) -> Tensor:
        if not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1):
            return self._in_groups(x, len(x))
        precise = x if x.dtype == torch.float64 else x.float()
        own = torch.stack(torch.var_mean(precise, (0, 2, 3), correction=0))
        variances, means = _Gathered.apply(own).unbind(1)  # pyright: ignore
        mean = means.mean(0)
        variance = (variances + (means - mean).square()).mean(0)
        count = x.numel() // x.shape[1] * len(means)
        with torch.no_grad():
            self.pending.append(torch.stack([mean, variance * count / max(count - 1, 1)]))
        scale = self.weight * (variance + self.eps).rsqrt()
        shift = self.bias - mean * scale
        return (x * scale[:, None, None] + shift[:, None, None]).to(x.dtype)


class _Gathered(torch.autograd.Function):
    """Everyone's tensors, (processes, …); the gradient of each is the sum of what all have."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:  # noqa: ANN401, ARG004 - torch's own signature
        gathered = [torch.empty_like(own) for _ in range(dist.get_world_size())]
        dist.all_gather(gathered, own.contiguous())
        return torch.stack(gathered)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: ANN401, ARG004 - as above
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total[dist.get_rank()]
