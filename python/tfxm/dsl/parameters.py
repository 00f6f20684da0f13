# SPDX-License-Identifier: Apache-2.0
"""What a pipeline file may pass: unknown names are errors that name their neighbours, and what has no effect says so.

    class Pusher(Node):
        @checked
        def __init__(self, *, model: Channel | None = None) -> None: ...

    Pusher(modle=channel)   # TypeError: Pusher has no parameter "modle"; did you mean model?
"""

from __future__ import annotations

import difflib
import functools
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

_Function = TypeVar("_Function", bound=Callable[..., Any])


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean a or b?`, or nothing if no name is near."""
    near = difflib.get_close_matches(name, list(known), n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def checked(init: _Function) -> _Function:
    """Makes a parameter that __init__ does not have a TypeError that names what is near it."""
    parameters = inspect.signature(init).parameters
    if any(p.kind == p.VAR_KEYWORD for p in parameters.values()):
        return init  # It takes any name.
    known = [name for name in parameters if name != "self"]

    @functools.wraps(init)
    def wrapper(self: object, *args: Any, **kwargs: Any) -> None:
        for name in kwargs:
            if name not in known:
                owner = type(self).__name__
                raise TypeError(f'{owner} has no parameter "{name}"{nearest(name, known) or "; it has " + ", ".join(known)}')
        init(self, *args, **kwargs)

    return wrapper  # type: ignore[return-value]


_said: set[str] = set()


def without_effect(what: str, why: str) -> None:
    """Says on stderr, once for each `what`, that it was accepted and does nothing."""
    if what not in _said:
        _said.add(what)
        print(f"tfxm: {what} is accepted and has no effect: {why}", file=sys.stderr)


def beam_args(what: str, given: Iterable[object] | None) -> list[str]:
    """The arguments for Beam of a pipeline or a node, but for placeholders, which the engine does not compute."""
    args = list(given or [])
    if not all(isinstance(arg, str) for arg in args):
        without_effect(f"a placeholder in {what}", "give the argument as a string")
    return [arg for arg in args if isinstance(arg, str)]


def go_through_beam(beam_pipeline_args: Sequence[str]) -> bool:
    """Whether they name a runner other than Beam's own for one machine, as the engine looks at them (distribution/launcher.h)."""
    runner = ""
    for arg, following in zip(beam_pipeline_args, [*beam_pipeline_args[1:], ""], strict=True):
        name, equals, value = arg.partition("=")
        if name == "--runner":
            runner = (value if equals else following).lower()
    return bool(runner) and runner != "direct" and not runner.endswith("directrunner")


class RuntimeParameter:
    """A value that is given when the pipeline is run: `tfxm run FILE.py --NAME=VALUE`.

    `ptype` is int, float, str or bool. Without a default, a run that is not given the value is an error.
    """

    def __init__(self, name: str, ptype: type = str, default: int | float | str | bool | None = None, description: str | None = None) -> None:
        if ptype not in (int, float, str, bool):
            raise TypeError(f'RuntimeParameter "{name}": ptype is int, float, str or bool, not {ptype!r}')
        if default is not None and not isinstance(default, ptype):
            raise TypeError(f'RuntimeParameter "{name}": the default {default!r} is not of type {ptype.__name__}')
        self.name, self.ptype, self.default, self.description = name, ptype, default, description


class JsonParameter:
    """A bool, list or dict for an executor in Python, which is given it as what it is."""

    def __init__(self, value: bool | list[Any] | tuple[Any, ...] | dict[str, Any]) -> None:
        self.value = value


def to_json(value: object) -> str:
    """As TFX writes JSON into exec properties."""
    return json.dumps(value, sort_keys=True)


def message_json(where: str, value: object, message_type: type[Message]) -> str | RuntimeParameter:
    """The JSON of a message, which may be given as such, as a dict or as JSON. TypeError names `where`."""
    if isinstance(value, RuntimeParameter):
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        try:
            json_format.ParseDict(value, message_type())
        except json_format.ParseError as error:
            raise TypeError(f"{where}: {error}") from None
        return to_json(value)
    # Not isinstance: the real package's class is another one of the same message.
    name = message_type.DESCRIPTOR.full_name
    if not isinstance(value, Message) or value.DESCRIPTOR.full_name != name:
        raise TypeError(f"{where}: expected a {name}, got {type(value).__name__}")
    return json_format.MessageToJson(value, sort_keys=True, preserving_proto_field_name=True)
