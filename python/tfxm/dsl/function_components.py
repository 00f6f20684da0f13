# SPDX-License-Identifier: Apache-2.0
"""@component: a component that is a Python function. tfxm does not run these yet, so a file may define one (TFX's
penguin example does, for a case that it leaves out by default) but not use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NoReturn, TypeVar

_T = TypeVar("_T")


class Parameter(Generic[_T]):
    """Annotates what is given when the pipeline is written."""


class InputArtifact(Generic[_T]):
    """Annotates an input."""


class OutputArtifact(Generic[_T]):
    """Annotates an output."""


class BeamComponentParameter(Generic[_T]):
    """Annotates a Beam pipeline that the function is given."""


def OutputDict(**types: Any) -> type:  # noqa: N802
    """Annotates what the function returns."""
    return dict


def component(function: Callable[..., Any] | None = None, /, **options: Any) -> Callable[..., Any]:
    """A factory of nodes that raises NotImplementedError when it is called."""
    if function is None:
        return component

    def factory(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"{function.__name__}(…): a @component function; tfxm does not run these yet")

    return factory
