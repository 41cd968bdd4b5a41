"""The training loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from accelerate import Accelerator
from torch.optim import AdamW
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from rechroma.errors import TrainingError
from rechroma.training.catalog import FIGURES
from rechroma.training.checkpoint import read_state, save_weights, write_state
from rechroma.training.model import ColorizerModel
from rechroma.training.networks import Conditioning
from rechroma.training.outputs import AB_RANGE, RgbOutput, Truth
from rechroma.training.schedule import Clock, RunLength, StepCount, rate_at
from rechroma.training.validation import Validator, save_samples

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from rechroma.training.augmentation import SampleBatch
    from rechroma.training.config import OptimizerConfig, TrainConfig
    from rechroma.training.data import Batches
    from rechroma.training.log import RunLog
    from rechroma.training.losses import Criterion

__all__ = ["RESUME", "Trainer", "accelerator_of", "build_optimizer"]


def accelerator_of(config: TrainConfig) -> Accelerator:
    """Return where a run computes, and in which precision."""
    precision = config.precision
    if precision == "auto":
        on_gpu = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
        # Accelerate has its own ways to be told to leave a GPU alone.
        precision = "bf16" if on_gpu and Accelerator().device.type == "cuda" else "no"
    return Accelerator(mixed_precision=precision)


def build_optimizer(model: ColorizerModel, config: OptimizerConfig) -> AdamW:
    """Return AdamW with the pretrained parameters, and those of hints, at their own rates.

    Each group has its highest rate as `base`.

    Biases and norms are not decayed: shrinking them changes the function for no gain.
    """
    own = {id(p): config.encoder_lr for p in model.network.pretrained_parameters()}
    own |= {id(p): config.hint_lr or config.lr for p in model.network.hint_parameters()}
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for parameter in filter(lambda p: p.requires_grad, model.parameters()):
        rate = own.get(id(parameter), config.lr)
        decay = config.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return AdamW(
        [
            {"params": each, "lr": rate, "base": rate, "weight_decay": decay}
            for (rate, decay), each in groups.items()
        ],
        betas=config.betas,
    )


# In a run's folder: all that going on needs.
RESUME = "resume.pt"


class Trainer:
    """Runs steps, validates, and keeps `ckpt_last`, `ckpt_best` and what a resume needs.

    Args:
        config: The run's config.
        model: With its first weights.
        criterion: The loss.
        validator: Its metric chooses the best checkpoint: lower is better.
        log: Where numbers go.
        accelerator: From `accelerator_of`.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: ColorizerModel,
        criterion: Criterion,
        validator: Validator,
        log: RunLog,
        accelerator: Accelerator,
    ) -> None:
        self.config = config
        self.validator = validator
        self.log = log
        self.step = 0
        self.best = float("inf")
        self._accelerator = accelerator
        model = model.to(memory_format=torch.channels_last)
        optimizer = build_optimizer(model, config.optimizer)
        self._averaged = AveragedModel(
            model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True
        ).to(self._accelerator.device)
        self._criterion = criterion.to(self._accelerator.device)
        self._conditioned = model.network.takes_conditioning
        self._model, self._optimizer = self._accelerator.prepare(model, optimizer)
        self._resume_file = config.output_dir / RESUME
        self._kept = 0
        state = read_state(self._resume_file) if self._resume_file.exists() else {}
        if state:
            self._restore(state)
        self._clock = Clock(config.minutes or float("inf"), state.get("spent", 0.0))
        self.length: RunLength = self._clock if config.minutes else StepCount(config.steps)

    def fit(self, batches: Batches) -> None:
        """Run from the present step to the end.

        Args:
            batches: Gives the batches from a step on, and their names for the message if one fails.

        Raises:
            TrainingError: The loss or its gradient is NaN or infinite; the weights and the last
                checkpoint are those before it.
        """
        self._model.train()
        if self.length.progress(self.step) >= 1:
            return
        for batch in batches.begin(self.step):
            self._set_rates()
            values = self._update(batch)
            if values is None:
                raise TrainingError(
                    f"the loss or its gradient is NaN at step {self.step + 1}, on "
                    + ", ".join(batches.names(self.step)),
                    "lower OPTIMIZER.LR; the last checkpoint is good",
                )
            self.step += 1
            last = self._is_last()
            self._after_step(values, last=last)
            if last:
                return

    def _set_rates(self) -> None:
        share = rate_at(self.step, self.length.progress(self.step), self.config.optimizer)
        for group in self._optimizer.param_groups:
            group["lr"] = group["base"] * share

    def _is_last(self) -> bool:
        """Tell whether the run is over: for all processes alike, though clocks differ."""
        over = self.length.progress(self.step) >= 1
        if self._accelerator.num_processes == 1:
            return over
        flag = torch.tensor([float(over)], device=self._accelerator.device)
        total = self._accelerator.reduce(flag, "sum")
        assert isinstance(total, torch.Tensor)  # noqa: S101 - one in, one out
        return bool(total > 0)

    def _update(self, batch: SampleBatch) -> dict[str, Tensor] | None:
        """Take one step; None, and nothing changed, if its numbers are not finite."""
        truth = Truth(batch.rgb, batch.lab)
        conditioning = Conditioning(batch.hints, batch.mood) if self._conditioned else None
        seen = batch.seen.contiguous(memory_format=torch.channels_last)
        raw = self._model(seen, conditioning).float()
        loss, values = self._criterion(raw, truth)
        if self.config.steady:
            unsteady = self._unsteadiness(raw, batch.altered, truth, conditioning)
            loss = loss + self.config.steady * unsteady
            values["unsteady"] = unsteady.detach()
        self._accelerator.backward(loss)
        norm = self._accelerator.clip_grad_norm_(
            self._model.parameters(), self.config.optimizer.clip
        )
        # A gradient overflow under fp16 is no failure: its scaler skips the step and goes on.
        scaled = self._accelerator.mixed_precision == "fp16"
        if not (loss.isfinite() and (scaled or norm is None or norm.isfinite())):
            return None
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._averaged.update_parameters(self._accelerator.unwrap_model(self._model))
        return {"loss": loss.detach(), **values}

    def _unsteadiness(
        self, raw: Tensor, altered: Tensor, truth: Truth, conditioning: Conditioning | None
    ) -> Tensor:
        """Return how far answers for altered L are from those for the picture's own L.

        Mean |Δa|, |Δb| over 110. The averaged model's answer for the clean picture is the goal
        (a mean teacher: Tarvainen & Valpola 2017), so no gradient passes there.
        """
        if not len(altered):
            return raw.new_zeros(())
        teacher = self._smooth.eval()
        output = teacher.output
        assert not isinstance(output, RgbOutput)  # noqa: S101 - the config refuses it
        with torch.no_grad(), self._accelerator.autocast():
            plain = truth.lightness[altered].contiguous(memory_format=torch.channels_last)
            given = conditioning and Conditioning(
                conditioning.hints[altered], conditioning.mood[altered]
            )
            clean = teacher(plain, given)
        goal = output.answer(clean.float())
        return (output.answer(raw[altered]) - goal).abs().mean() / AB_RANGE

    def _after_step(self, values: dict[str, Tensor], *, last: bool) -> None:
        config = self.config
        if not self._accelerator.is_main_process:
            return
        if self.step % config.log_every == 0 or last:
            numbers = {name: float(value) for name, value in values.items()}
            self.log.progress(self.step, numbers, self.length.progress(self.step))
        if self.step % config.validation.every == 0 or last:
            self._validate()
        self._keep()
        if self.step % config.checkpoint_every == 0 or last:
            self._save(config.output_dir / "ckpt_last.safetensors", {})
            write_state(self._resume_file, self._state())

    def _keep(self) -> None:
        """In a run by the clock: save a checkpoint that stays, every few minutes."""
        if self.config.minutes is None:
            return
        due = int(self._clock.spent / (self.config.keep_minutes * 60))
        if due > self._kept:
            self._kept = due
            self._save(self.config.output_dir / f"ckpt_{due:04d}.safetensors", {})

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
            "spent": self._clock.spent,
            "kept": self._kept,
            "model": self._accelerator.unwrap_model(self._model).state_dict(),
            "averaged": self._averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.step, self.best = state["step"], state["best"]
        self._kept = state.get("kept", 0)
        self._accelerator.unwrap_model(self._model).load_state_dict(state["model"])
        self._averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
