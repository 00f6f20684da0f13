# SPDX-License-Identifier: Apache-2.0
"""The path of a feature: its name, or the steps to it in a structure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfxm import protos

FeatureName = str


class FeaturePath:
    """`FeaturePath(["a", "b"])` is b in a."""

    def __init__(self, steps: Iterable[str]) -> None:
        self._steps = tuple(steps)

    def to_proto(self) -> Any:
        return protos.load("tensorflow_metadata/proto/v0/path.proto").Path(step=self._steps)

    @staticmethod
    def from_proto(path_proto: Any) -> FeaturePath:
        return FeaturePath(path_proto.step)

    @staticmethod
    def from_string(path_string: str) -> FeaturePath:
        return FeaturePath(path_string.split("."))

    def steps(self) -> tuple[str, ...]:
        return self._steps

    def parent(self) -> FeaturePath:
        if not self._steps:
            raise ValueError("Root does not have parent.")
        return FeaturePath(self._steps[:-1])

    def child(self, child_step: str) -> FeaturePath:
        return FeaturePath((*self._steps, child_step))

    def __str__(self) -> str:
        return ".".join(f"'{step}'" if "." in step else step for step in self._steps)

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FeaturePath) and self._steps == other._steps

    def __hash__(self) -> int:
        return hash(self._steps)

    def __lt__(self, other: FeaturePath) -> bool:
        return self._steps < other._steps

    def __len__(self) -> int:
        return len(self._steps)

    def __bool__(self) -> bool:
        return bool(self._steps)
