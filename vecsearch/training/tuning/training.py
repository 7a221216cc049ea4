"""A model in training: one step at a time, its weights, and how it is saved. The only file here that uses torch.

The loss is sentence-transformers' MultipleNegativesRankingLoss: of all passages of a batch, a query's own has to be
the nearest (Henderson et al. 2017, section 4.4). Every step sets torch's seed, so that a run that resumes from a
checkpoint drops out what an uninterrupted one would: on one machine with as many threads the weights are equal.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from vecsearch.errors import InvalidOption, ModelUnsupported
from vecsearch.models.encoders.torch.encoder import TorchEncoder
from vecsearch.models.encoders.torch.opening import quiet, short
from vecsearch.training.tuning.batches import Batch
from vecsearch.training.tuning.options import TuneOptions

_WARM = 0.1  # of the steps, over which the learning rate rises
_LONGEST_GRADIENT = 1.0  # transformers' default for max_grad_norm
_MOMENTS = {"first": "exp_avg", "second": "exp_avg_sq"}  # AdamW's names for its averages


class Training:
    """Trains the model of `encoder` in place, for `steps` steps in all; the encoder uses the weights as they are."""

    def __init__(self, encoder: TorchEncoder, options: TuneOptions, steps: int) -> None:
        """Open the model; raises what opening it raises, ModelUnsupported when it has no trainable weights."""
        import torch

        torch.manual_seed(options.seed)  # opening it invents weights that its files lack, such as an unused pooler's
        self._model: Any = encoder.module
        with quiet():
            from sentence_transformers.losses import MultipleNegativesRankingLoss

            self._loss = MultipleNegativesRankingLoss(self._model)
        self._prompts, self._base = encoder.prompts, encoder.model.path
        self._options, self._steps = options, steps
        self._named = [(name, each) for name, each in self._model.named_parameters() if each.requires_grad]
        if not self._named:
            raise ModelUnsupported(f"{encoder.name} has no weights that can be trained")
        self._optimizer = torch.optim.AdamW([each for _, each in self._named], lr=options.rate, weight_decay=0.0)

    def step(self, number: int, batch: Batch) -> float:
        """Do step `number`, from 0, and return its loss. Raises InvalidOption when the loss is no longer finite."""
        import torch

        torch.manual_seed(self._options.seed * 1_000_003 + number)
        self._model.train()
        for group in self._optimizer.param_groups:
            group["lr"] = self._options.rate * share_of_rate(number, self._steps)
        columns = [(batch.queries, self._prompts.query), (batch.passages, self._prompts.document)]
        columns += [(batch.negatives, self._prompts.document)] if batch.negatives else []
        with quiet():
            loss = self._loss([self._features(texts, prompt) for texts, prompt in columns], None)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([each for _, each in self._named], _LONGEST_GRADIENT)
        self._optimizer.step()
        self._optimizer.zero_grad()
        value = float(loss.detach())
        if not isfinite(value):
            raise InvalidOption(f"the loss is {value} at step {number + 1}: try a rate below {self._options.rate:g}")
        return value

    def weights(self) -> dict[str, Any]:
        """Return a copy of the model's weights by name, in main memory."""
        return {name: each.detach().cpu().clone().contiguous() for name, each in self._model.state_dict().items()}

    def tensors(self) -> dict[str, Any]:
        """Return all that the next step depends on, by name, as `restore` takes it."""
        tensors = {f"weights.{name}": each for name, each in self.weights().items()}
        for name, parameter in self._named:
            moments = self._optimizer.state.get(parameter, {})
            tensors |= {f"{key}.{name}": moments[its].cpu().clone() for key, its in _MOMENTS.items() if its in moments}
        return tensors

    def restore(self, tensors: dict[str, Any], step: int) -> None:
        """Set model and optimizer to `tensors` of `step` steps; raises InvalidOption for those of another model."""
        import torch

        self.load(group_of(tensors, "weights"))
        for name, parameter in self._named:
            if f"first.{name}" in tensors:
                moments = {its: tensors[f"{key}.{name}"].to(parameter.device) for key, its in _MOMENTS.items()}
                self._optimizer.state[parameter] = {"step": torch.tensor(float(step)), **moments}

    def load(self, weights: dict[str, Any]) -> None:
        """Load these weights into the model."""
        try:
            self._model.load_state_dict(weights)
        except RuntimeError as error:
            raise InvalidOption(f"the checkpoint is of another model: {short(error)}: remove it") from error

    def save(self, folder: Path) -> None:
        """Save the model to the folder as sentence-transformers does, with the prompts that it was trained with.

        Its tokenizer, which nothing here trains, is the base's byte for byte: saved again it may gain tokens.
        """
        prompts = {"query": self._prompts.query, "document": self._prompts.document}
        if any(prompts.values()):
            self._model.prompts = {**self._model.prompts, **prompts}
        try:
            with quiet():
                self._model.save(str(folder), create_model_card=False)
        except OSError:
            raise
        except Exception as error:  # safetensors' own, when the disk is full
            raise OSError(errno.EIO, short(error), str(folder)) from error
        for saved in folder.rglob("tokenizer.json"):
            if (original := self._base / saved.relative_to(folder)).is_file():
                shutil.copyfile(original, saved)

    def _features(self, texts: Sequence[str], prompt: str) -> dict[str, Any]:
        """The tokens of the texts on the model's device."""
        tokenize = getattr(self._model, "preprocess", None) or self._model.tokenize  # "preprocess" since 5.3
        features = tokenize([prompt + text for text in texts])
        device = self._model.device
        return {name: each.to(device) if hasattr(each, "to") else each for name, each in features.items()}


def group_of(tensors: dict[str, Any], group: str) -> dict[str, Any]:
    """Return the tensors of one group of a checkpoint, by their names inside it."""
    return {name.removeprefix(f"{group}."): each for name, each in tensors.items() if name.startswith(f"{group}.")}


def share_of_rate(number: int, steps: int) -> float:
    """Return the share of the learning rate at step `number`, from 0: it rises linearly, then falls, never to 0."""
    warm = max(1, round(_WARM * steps))
    return (number + 1) / warm if number < warm else (steps - number) / max(1, steps - warm + 1)
