"""The training loop."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from accelerate import Accelerator
from torch.optim import AdamW
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from rechroma.errors import ConfigError, TrainingError
from rechroma.training.batch_norm import BatchNorms
from rechroma.training.catalog import FIGURES
from rechroma.training.checkpoint import read_state, save_weights, write_state
from rechroma.training.distributed import LostProcessError, Processes, sigterm_noticed
from rechroma.training.model import ColorizerModel
from rechroma.training.networks import Conditioning
from rechroma.training.outputs import AB_RANGE, RgbOutput, Truth
from rechroma.training.schedule import Clock, RunLength, StepCount, rate_at
from rechroma.training.validation import Validator, save_samples

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor

    from rechroma.training.augmentation import SampleBatch
    from rechroma.training.config import OptimizerConfig, TrainConfig
    from rechroma.training.data import Batches
    from rechroma.training.log import RunLog
    from rechroma.training.losses import Criterion
    from rechroma.training.split import Split, StepPart

__all__ = ["RESUME", "Trainer", "accelerator_of", "build_optimizer"]


def accelerator_of(config: TrainConfig, processes: int = 1) -> Accelerator:
    """Return where a run computes, and in which precision.

    Args:
        config: Of the run.
        processes: How many share it.

    Raises:
        ConfigError: Accelerate is told to shard the model, or to see fewer processes than there
            are.
    """
    precision = config.precision
    if precision == "auto":
        on_gpu = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
        # Accelerate has its own ways to be told to leave a GPU alone.
        precision = "bf16" if on_gpu and Accelerator().device.type == "cuda" else "no"
    accelerator = Accelerator(
        # Accelerate sees several processes without a GPU only if it is told to leave GPUs alone.
        cpu=True if processes > 1 and not torch.cuda.is_available() else None,  # pyright: ignore
        mixed_precision=precision,
    )
    kind = accelerator.distributed_type.value
    if kind in _SHARDING:
        raise ConfigError(
            f"accelerate is set to {kind}: a run's state is whole in every process",
            "choose multi-GPU or multi-CPU in `accelerate config`, or start with torchrun",
        )
    if accelerator.num_processes != processes:
        raise ConfigError(
            f"{processes} processes share the run, and accelerate sees {accelerator.num_processes}",
            "start it with torchrun, one process a GPU",
        )
    return accelerator


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


# Ways of accelerate's that spread weights or their state over processes.
_SHARDING = frozenset({"FSDP", "DEEPSPEED", "MEGATRON_LM", "TP"})
# In a run's folder: all that going on needs.
RESUME = "resume.pt"


class Trainer:
    """Runs steps, validates, and keeps `ckpt_last`, `ckpt_best` and what a resume needs.

    Several processes take each step together, and end together: whatever one of them finds, a
    number that is not finite, SIGTERM or the end of its time, all of them hear of with that step.
    The first one alone writes.

    Args:
        config: The run's config.
        model: With its first weights.
        criterion: The loss.
        validator: Its metric chooses the best checkpoint: lower is better.
        log: Where numbers go; None in all processes but the first.
        accelerator: From `accelerator_of`.
        split: How a step's samples are shared out.
        processes: Who shares the run; None: only this one.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: ColorizerModel,
        criterion: Criterion,
        validator: Validator,
        log: RunLog | None,
        accelerator: Accelerator,
        split: Split,
        processes: Processes | None = None,
    ) -> None:
        self.config = config
        self.validator = validator
        self.log = log
        self.step = 0
        self.best = float("inf")
        self._accelerator, self._split = accelerator, split
        self._processes = Processes() if processes is None else processes
        model = model.to(memory_format=torch.channels_last)
        optimizer = build_optimizer(model, config.optimizer)
        self._averaged = AveragedModel(
            model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True
        ).to(self._accelerator.device)
        self._norms = BatchNorms(model, split, config.norm_batch, self._processes)
        self._criterion = criterion.to(self._accelerator.device)
        self._conditioned = model.network.takes_conditioning
        self._model, self._optimizer = self._accelerator.prepare(model, optimizer)
        self._resume_file = config.output_dir / RESUME
        self._kept = 0
        state = self._processes.share(self._saved_state())
        if state:
            self._restore(state)
        self._clock = Clock(config.minutes or float("inf"), state.get("spent", 0.0))
        self.length: RunLength = self._clock if config.minutes else StepCount(config.steps)
        # What the first process's clock says: the same rate and the same end for all.
        self._progress = self._processes.share(self.length.progress(self.step))
        self._stopped = False

    def fit(self, batches: Batches) -> None:
        """Run from the present step to the end.

        Args:
            batches: Gives the batches from a step on, and their names for the message if one fails.

        Raises:
            TrainingError: The loss or its gradient is NaN or infinite: the weights and the last
                checkpoint are those before it. Or SIGTERM came to one of the processes: the last
                checkpoint is that of the last step.
            LostProcessError: Another process is gone; the first one, if it is there, has written
                the checkpoint of the last step.
        """
        self._model.train()
        if self._progress >= 1:
            return
        with sigterm_noticed() as noticed, self._processes.noticing_losses():
            try:
                self._steps(batches, noticed)
            except (LostProcessError, RuntimeError):
                self._save_alone()
                raise

    def _steps(self, batches: Batches, noticed: threading.Event) -> None:
        parts = batches.begin(self.step)
        while True:
            self._set_rates()
            values = self._update(parts, noticed)
            if values is None:
                failed = TrainingError(
                    f"the loss or its gradient is NaN at step {self.step + 1}, on "
                    + ", ".join(batches.names(self.step)),
                    "lower OPTIMIZER.LR; the last checkpoint is good",
                )
                raise self._processes.told_once(failed)
            self.step += 1
            self._after_step(values, last=self._progress >= 1)
            if self._progress >= 1:
                return
            if self._stopped:
                stopped = TrainingError(
                    f"stopped by SIGTERM after step {self.step}, with a checkpoint of it",
                    "the same command goes on from there",
                )
                raise self._processes.told_once(stopped)

    def _set_rates(self) -> None:
        share = rate_at(self.step, self._progress, self.config.optimizer)
        for group in self._optimizer.param_groups:
            group["lr"] = group["base"] * share

    def _update(
        self, parts: Iterator[SampleBatch], noticed: threading.Event
    ) -> dict[str, Tensor] | None:
        """Take one step; None, and nothing changed, if its numbers are not finite."""
        count = self._split.parts
        values: dict[str, Tensor] = {}
        for number in range(count):
            batch = next(parts)
            last = number == count - 1
            # Gradients go to the others once, with the last part.
            with nullcontext() if last else self._accelerator.no_sync(self._model):
                loss, found = self._losses(batch, self._split.part(number))
                self._accelerator.backward(loss / count)
            found = {"loss": loss.detach(), **found}
            values = {name: values.get(name, 0) + each / count for name, each in found.items()}
        norm = self._accelerator.clip_grad_norm_(
            self._model.parameters(), self.config.optimizer.clip
        )
        # A gradient overflow under fp16 is no failure: its scaler skips the step and goes on.
        scaled = self._accelerator.mixed_precision == "fp16"
        finite = values["loss"].isfinite() and (scaled or norm is None or norm.isfinite())
        if not self._agree(finite=bool(finite), stopped=noticed.is_set()):
            self._norms.forget()
            return None
        # It needs the others once more: before anything is changed.
        self._norms.commit()
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self._averaged.update_parameters(self._accelerator.unwrap_model(self._model))
        return values

    def _agree(self, *, finite: bool, stopped: bool) -> bool:
        """Hear what the step brought to all processes; return whether it is good."""
        progress = self.length.progress(self.step + 1)
        told = float(not finite), float(stopped), progress if self._processes.is_main else 0.0
        failed, stops, self._progress = self._processes.totals(told)
        self._stopped = stops > 0
        return failed == 0

    def _losses(self, batch: SampleBatch, part: StepPart) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a part of a step, and its terms by name."""
        truth = Truth(batch.rgb, batch.lab)
        conditioning = Conditioning(batch.hints, batch.mood) if self._conditioned else None
        seen = batch.seen.contiguous(memory_format=torch.channels_last)
        raw = self._model(seen, conditioning).float()
        loss, values = self._criterion(raw, truth, part)
        if self.config.steady:
            unsteady = self._unsteadiness(raw, batch.altered, truth, conditioning)
            # The mean over what is altered in the whole step, not in each part.
            pieces = part.total / part.samples
            unsteady = unsteady * (len(batch.altered) * pieces / max(1, batch.altered_in_step))
            loss = loss + self.config.steady * unsteady
            values["unsteady"] = unsteady.detach()
        return loss, values

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
        if self.step % config.log_every == 0 or last:
            self._tell(values)
        if self.step % config.validation.every == 0 or last:
            self._validate()
        if not self._processes.is_main:
            return
        self._keep()
        if self.step % config.checkpoint_every == 0 or last or self._stopped:
            self._save_last()

    def _tell(self, values: dict[str, Tensor]) -> None:
        """Log the means over all processes."""
        sums = self._processes.totals([float(value) for value in values.values()])
        numbers = {n: each / self._processes.size for n, each in zip(values, sums, strict=True)}
        if self.log is not None:
            self.log.progress(self.step, numbers, self._progress)

    def _save_last(self) -> None:
        self._save(self.config.output_dir / "ckpt_last.safetensors", {})
        write_state(self._resume_file, self._state())

    def _save_alone(self) -> None:
        """Keep the last whole step, after something has gone wrong between the processes."""
        if self._processes.size > 1 and self._processes.is_main and self.step:
            self._norms.forget()
            self._save_last()

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
        if self.log is None:
            return
        self.log.validation(self.step, scores)
        if len(self.validator.shown):
            figure = self.config.output_dir / FIGURES / f"step-{self.step:07d}.png"
            save_samples(self._smooth, self.validator.shown, device, figure)
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

    def _saved_state(self) -> dict[str, Any]:
        """Return what the first process finds of an earlier run."""
        there = self._processes.is_main and self._resume_file.exists()
        return read_state(self._resume_file) if there else {}

    def _restore(self, state: dict[str, Any]) -> None:
        self.step, self.best = state["step"], state["best"]
        self._kept = state.get("kept", 0)
        self._accelerator.unwrap_model(self._model).load_state_dict(state["model"])
        self._averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
