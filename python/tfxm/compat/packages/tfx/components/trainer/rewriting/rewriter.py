# SPDX-License-Identifier: Apache-2.0
"""TFX's names for what turns one model into another. A subclass of BaseRewriter may do its own."""

from __future__ import annotations

import abc
import enum
from typing import NamedTuple


class ModelType(enum.Enum):
    ANY_MODEL = 1
    SAVED_MODEL = 2
    TFLITE_MODEL = 3
    TFJS_MODEL = 4


class ModelDescription(NamedTuple):
    model_type: ModelType
    path: str  # A folder.


class BaseRewriter(abc.ABC):
    """The three steps raise ValueError."""

    @property
    @abc.abstractmethod
    def name(self) -> str: ...

    @abc.abstractmethod
    def _pre_rewrite_validate(self, original_model: ModelDescription) -> None: ...

    @abc.abstractmethod
    def _rewrite(self, original_model: ModelDescription, rewritten_model: ModelDescription) -> None: ...

    @abc.abstractmethod
    def _post_rewrite_validate(self, rewritten_model: ModelDescription) -> None: ...

    def perform_rewrite(self, original_model: ModelDescription, rewritten_model: ModelDescription) -> None:
        """The steps in order. ValueError names the rewriter, the step and the model."""
        steps = (
            ("perform pre-rewrite validation of", original_model, lambda: self._pre_rewrite_validate(original_model)),
            ("rewrite", original_model, lambda: self._rewrite(original_model, rewritten_model)),
            ("validate", rewritten_model, lambda: self._post_rewrite_validate(rewritten_model)),
        )
        for step, model, run in steps:
            try:
                run()
            except ValueError as error:
                raise ValueError(f"{self.name} failed to {step} {model.path}: {error}") from error
