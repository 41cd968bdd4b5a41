"""The training loop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from accelerate import Accelerator
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from rechroma.errors import TrainingError
from rechroma.training.catalog import FIGURES
from rechroma.training.checkpoint import read_state, save_weights, write_state
from rechroma.training.model import ColorizerModel
from rechroma.training.networks import Conditioning
from rechroma.training.outputs import AB_RANGE, RgbOutput, truth_of
from rechroma.training.validation import Validator, save_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from torch import Tensor
    from torch.utils.data import DataLoader

    from rechroma.training.config import OptimizerConfig, TrainConfig
    from rechroma.training.log import RunLog
    from rechroma.training.losses import Criterion
    from rechroma.training.outputs import Truth

__all__ = ["RESUME", "Trainer", "build_optimizer", "build_schedule", "rate_at"]


def rate_at(step: int, steps: int, config: OptimizerConfig) -> float:
    """Return the rate at a step as a share of the highest: linear warm-up, then a cosine."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    progress = (step - config.warmup) / max(1, steps - config.warmup)
    return config.final + (1 - config.final) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


def build_optimizer(model: ColorizerModel, config: OptimizerConfig) -> AdamW:
    """Return AdamW with the pretrained parameters, and those of hints, at their own rates.

    Biases and norms are not decayed: shrinking them changes the function for no gain.
    """
    own = {id(p): config.encoder_lr for p in model.network.pretrained_parameters()}
    own |= {id(p): config.hint_lr or config.lr for p in model.network.hint_parameters()}
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for parameter in filter(lambda p: p.requires_grad, model.parameters()):
        rate = own.get(id(parameter), config.lr)
        decay = config.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return AdamW([{"params": p, "lr": rate, "weight_decay": d} for (rate, d), p in groups.items()])


def build_schedule(optimizer: AdamW, steps: int, config: OptimizerConfig) -> LambdaLR:
    """Return the schedule of `rate_at`, one step of it for each of the optimizer's."""
    return LambdaLR(optimizer, lambda step: rate_at(step, steps, config))


# In a run's folder: all that going on needs.
RESUME = "resume.pt"
# L that differs by less anywhere is the picture's own, but for rounding.
_DEGRADED = 0.05


class Trainer:
    """Runs steps, validates, and keeps `ckpt_last`, `ckpt_best` and what a resume needs.

    Args:
        config: The run's config.
        model: With its first weights.
        criterion: The loss.
        validator: Its metric chooses the best checkpoint: lower is better.
        log: Where numbers go.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: ColorizerModel,
        criterion: Criterion,
        validator: Validator,
        log: RunLog,
    ) -> None:
        self.config = config
        self.validator = validator
        self.log = log
        self.step = 0
        self.best = float("inf")
        self._accelerator = Accelerator(mixed_precision=config.precision)
        model = model.to(memory_format=torch.channels_last)
        optimizer = build_optimizer(model, config.optimizer)
        schedule = build_schedule(optimizer, config.steps, config.optimizer)
        self._averaged = AveragedModel(
            model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True
        ).to(self._accelerator.device)
        self._criterion = criterion.to(self._accelerator.device)
        self._model, self._optimizer = self._accelerator.prepare(model, optimizer)
        self._schedule = schedule
        self._resume_file = config.output_dir / RESUME
        if self._resume_file.exists():
            self._restore(read_state(self._resume_file))

    @property
    def processes(self) -> int:
        """How many processes share the run."""
        return self._accelerator.num_processes

    def fit(
        self,
        loader_from: Callable[[int], DataLoader[dict[str, Tensor]]],
        names_of: Callable[[int], list[str]],
    ) -> None:
        """Run from the present step to the last.

        Args:
            loader_from: Gives the batches from a step on.
            names_of: Gives the pictures of a step's batch, for the message when it fails.

        Raises:
            TrainingError: The loss or its gradient is NaN or infinite; the weights and the last
                checkpoint are those before it.
        """
        batches: Iterable[dict[str, Tensor]] = self._accelerator.prepare(loader_from(self.step))
        self._model.train()
        for batch in batches:
            values = self._update(batch)
            if values is None:
                raise TrainingError(
                    f"the loss or its gradient is NaN at step {self.step + 1}, on "
                    + ", ".join(names_of(self.step)),
                    "lower OPTIMIZER.LR; the last checkpoint is good",
                )
            self.step += 1
            self._after_step(values)

    def _update(self, batch: dict[str, Tensor]) -> dict[str, Tensor] | None:
        """Take one step; None, and nothing changed, if its numbers are not finite."""
        truth = truth_of(batch["pixels"])
        seen = batch.get("seen", truth.lightness)
        conditioning = Conditioning(batch["hints"], batch["mood"]) if "hints" in batch else None
        raw = self._model(seen.contiguous(memory_format=torch.channels_last), conditioning).float()
        loss, values = self._criterion(raw, truth)
        if self.config.steady:
            unsteady = self._unsteadiness(raw, seen, truth, conditioning)
            loss = loss + self.config.steady * unsteady
            values["unsteady"] = unsteady.detach()
        self._accelerator.backward(loss)
        norm = self._accelerator.clip_grad_norm_(
            self._model.parameters(), self.config.optimizer.clip
        )
        # A gradient overflow under fp16 is no failure: its scaler skips the step and goes on.
        scaled = self.config.precision == "fp16"
        if not (loss.isfinite() and (scaled or norm is None or norm.isfinite())):
            return None
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._schedule.step()
        self._averaged.update_parameters(self._accelerator.unwrap_model(self._model))
        return {"loss": loss.detach(), **values}

    def _unsteadiness(
        self, raw: Tensor, seen: Tensor, truth: Truth, conditioning: Conditioning | None
    ) -> Tensor:
        """Return how far answers for degraded L are from those for the picture's own L.

        Mean |Δa|, |Δb| over 110. The averaged model's answer for the clean picture is the goal
        (a mean teacher: Tarvainen & Valpola 2017), so no gradient passes there.
        """
        degraded = (seen - truth.lightness).abs().amax(dim=(1, 2, 3)) > _DEGRADED
        if not degraded.any():
            return raw.new_zeros(())
        teacher = self._smooth.eval()
        output = teacher.output
        assert not isinstance(output, RgbOutput)  # noqa: S101 - the config refuses it
        with torch.no_grad():
            plain = truth.lightness[degraded].contiguous(memory_format=torch.channels_last)
            given = conditioning and Conditioning(
                conditioning.hints[degraded], conditioning.mood[degraded]
            )
            goal = output.answer(teacher(plain, given).float())
        return (output.answer(raw[degraded]) - goal).abs().mean() / AB_RANGE

    def _after_step(self, values: dict[str, Tensor]) -> None:
        config = self.config
        last = self.step == config.steps
        if not self._accelerator.is_main_process:
            return
        if self.step % config.log_every == 0 or last:
            self.log.progress(self.step, {name: float(value) for name, value in values.items()})
        if self.step % config.validation.every == 0 or last:
            self._validate()
        if self.step % config.checkpoint_every == 0 or last:
            self._save(config.output_dir / "ckpt_last.safetensors", {})
            write_state(self._resume_file, self._state())

    def _validate(self) -> None:
        device = self._accelerator.device
        scores = self.validator.score(self._smooth, device)
        self.log.validation(self.step, scores)
        samples = self.validator.crops[: self.config.validation.samples]
        if len(samples):
            figure = self.config.output_dir / FIGURES / f"step-{self.step:07d}.png"
            save_samples(self._smooth, samples, device, figure)
        if scores[self.validator.name] < self.best:
            self.best = scores[self.validator.name]
            self._save(self.config.output_dir / "ckpt_best.safetensors", scores)

    @property
    def _smooth(self) -> ColorizerModel:
        """The averaged model: what is validated, saved and shipped."""
        model = self._averaged.module
        assert isinstance(model, ColorizerModel)  # noqa: S101 - built from one
        return model

    def _save(self, path: Path, scores: dict[str, float]) -> None:
        facts = {"step": self.step, **scores, "log_weights": self._criterion.log_weights}
        save_weights(self._smooth, path, self.config.network, facts)

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "best": self.best,
            "model": self._accelerator.unwrap_model(self._model).state_dict(),
            "averaged": self._averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.step, self.best = state["step"], state["best"]
        self._accelerator.unwrap_model(self._model).load_state_dict(state["model"])
        self._averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
