# SPDX-License-Identifier: Apache-2.0
"""@component: a component that is a Python function, annotated as in TFX.

    @component
    def Count(examples: InputArtifact[Examples], report: OutputArtifact[String], most: Parameter[int] = 10) -> OutputDict(n=int):
        report.value = examples.uri
        return {"n": 3}

    count = Count(examples=example_gen.outputs["examples"], most=5)
    count.outputs["n"]                                # A channel of Integer.

The function runs in a Python of its own, when the pipeline does: runtime/execute.py, which loads the file that it is in.
"""

from __future__ import annotations

import inspect
import json
import os
import typing
from collections.abc import Callable
from typing import Any, NamedTuple

from tfxm.dsl import standard_artifacts as artifacts
from tfxm.dsl.artifact import Artifact, ValueArtifact, check_type
from tfxm.dsl.node import Node
from tfxm.dsl.parameters import RuntimeParameter, nearest, to_json

_VALUES: dict[object, type[ValueArtifact]] = {
    int: artifacts.Integer,
    float: artifacts.Float,
    str: artifacts.String,
    bytes: artifacts.Bytes,
    bool: artifacts.Boolean,
}


class _Annotation:
    """`KIND[type]`."""

    def __init__(self, type: Any) -> None:  # noqa: A002
        self.type = type

    def __class_getitem__(cls, type: Any) -> _Annotation:  # noqa: A002
        return cls(type)

    def __call__(self) -> None:
        """For `typing`, which takes what can be called for a type."""


class Parameter(_Annotation):
    """Annotates what is given when the pipeline is written: int, float, str, bool, or lists and dicts of them."""


class InputArtifact(_Annotation):
    """Annotates an input; of `list[TYPE]` all artifacts of it."""


class OutputArtifact(_Annotation):
    """Annotates an output."""


class BeamComponentParameter(_Annotation):
    """Annotates a Beam pipeline that the function is given. There is none here."""


class OutputDict:
    """Annotates what the function returns: values by name."""

    def __init__(self, **types: Any) -> None:
        self.types = types


def _without_none(hint: Any) -> tuple[Any, bool]:
    """T and True of Optional[T]."""
    given = [t for t in typing.get_args(hint) if t is not type(None)]
    if len(given) == 1 and type(None) in typing.get_args(hint):
        return given[0], True
    return hint, False


def _value_type(where: str, hint: Any) -> type[ValueArtifact]:
    """The artifact that keeps a value of a primitive type, or of one that is written as JSON."""
    if hint in _VALUES:
        return _VALUES[hint]
    if hint in (dict, list) or typing.get_origin(hint) in (dict, list):
        return artifacts.JsonValue
    raise TypeError(f"{where}: {hint!r} is not an annotation that a @component takes: InputArtifact[…], OutputArtifact[…], Parameter[…], int, float, str, bytes, bool, list or dict")


class Input(NamedTuple):
    type: type[Artifact]
    optional: bool = False
    is_value: bool = False  # The function is given the value and not the artifact.
    is_list: bool = False


class Signature:
    """What a function's annotations say. TypeError names what is wrong with them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.inputs: dict[str, Input] = {}
        self.outputs: dict[str, type[Artifact]] = {}  # Those that the function is given.
        self.returned: dict[str, tuple[type[ValueArtifact], bool]] = {}  # And whether it may be None.
        self.parameters: dict[str, Any] = {}
        self.defaults: dict[str, Any] = {}
        name = function.__name__
        if function.__qualname__ != name:
            raise TypeError(f"@component {name}: it must be at the top level of its file, to be found there when the pipeline runs")
        hints = {key: self._evaluated(hint, function) for key, hint in function.__annotations__.items()}
        for argument in inspect.signature(function).parameters.values():
            where = f"@component {name}, argument {argument.name}"
            if argument.kind in (argument.VAR_KEYWORD, argument.VAR_POSITIONAL) or argument.name not in hints:
                raise TypeError(f"{where}: it needs an annotation, and must not be *args or **kwargs")
            if argument.default is not argument.empty:
                self.defaults[argument.name] = argument.default
            self._add(where, argument.name, _without_none(hints[argument.name])[0])
        returned = hints.get("return")
        if returned is None:
            return
        types = returned.types if isinstance(returned, OutputDict) else typing.get_type_hints(returned) if typing.is_typeddict(returned) else None
        if types is None:
            raise TypeError(f"@component {name}: expected OutputDict(name=type, …), a TypedDict or None as what it returns, got {returned!r}")
        for key, hint in types.items():
            hint, optional = _without_none(hint)
            self.returned[key] = (_value_type(f"@component {name}, returned {key}", hint), optional)

    @staticmethod
    def _evaluated(hint: Any, function: Callable[..., Any]) -> Any:
        return eval(hint, function.__globals__) if isinstance(hint, str) else hint  # `from __future__ import annotations`.

    def _add(self, where: str, name: str, hint: Any) -> None:
        optional = name in self.defaults
        if isinstance(hint, InputArtifact):
            is_list = hint.type is list or typing.get_origin(hint.type) is list
            artifact_type = typing.get_args(hint.type)[0] if is_list else hint.type
            self.inputs[name] = Input(check_type(where, artifact_type), optional, is_list=is_list)
        elif isinstance(hint, OutputArtifact):
            self.outputs[name] = check_type(where, hint.type)
        elif isinstance(hint, Parameter):
            self.parameters[name] = hint.type
        elif isinstance(hint, BeamComponentParameter):
            raise NotImplementedError(f"{where}: tfxm has no Beam pipeline to give")
        else:
            self.inputs[name] = Input(_value_type(where, hint), optional, is_value=True)


def encode_parameter(where: str, value: Any, hint: Any) -> int | float | str | RuntimeParameter:
    """As an exec property; TypeError if it is not of the annotated type."""
    if isinstance(value, RuntimeParameter):
        return value
    expected = typing.get_origin(hint) or hint
    if isinstance(expected, type) and not isinstance(value, (int, float) if expected is float else expected):
        raise TypeError(f"{where}: expected {getattr(hint, '__name__', hint)}, got {value!r}")
    return value if expected in (int, str) else float(value) if expected is float else to_json(value)


def decode_parameter(value: Any, hint: Any) -> Any:
    """The inverse, of what the engine gives."""
    expected = typing.get_origin(hint) or hint
    if expected in (int, float, str):
        return expected(value)
    return json.loads(value) if isinstance(value, str) else value  # What TFX has compiled says that it is JSON.


class FunctionComponent(Node):
    """What a @component is a subclass of."""

    FUNCTION: Callable[..., Any]
    SIGNATURE: Signature

    def __init__(self, *args: Any, **arguments: Any) -> None:
        super().__init__()
        name, signature = type(self).__name__, self.SIGNATURE
        if args:
            raise TypeError(f"{name} takes its arguments by name")
        known = [*signature.inputs, *signature.parameters]
        for key, value in arguments.items():
            if key not in known:
                raise TypeError(f'{name} has no parameter "{key}"{nearest(key, known) or "; it has " + ", ".join(known)}')
            if key in signature.parameters and value is not None:
                self._set(**{key: encode_parameter(f"{name}({key}=…)", value, signature.parameters[key])})
        for key, wanted in signature.inputs.items():
            self._take(key, arguments.get(key), wanted.type, wanted.optional)
        for key in signature.parameters:
            if key not in arguments and key not in signature.defaults:
                raise TypeError(f"{name}({key}=…) is missing")
        for key, artifact_type in signature.outputs.items():
            self._put(key, artifact_type)
        for key, (value_type, _) in signature.returned.items():
            self._put(key, value_type)

    @classmethod
    def test_call(cls, *args: Any, **kwargs: Any) -> Any:
        """Calls the function itself."""
        return cls.FUNCTION(*args, **kwargs)


def component(function: Callable[..., Any] | None = None, /, *, component_annotation: type | None = None, use_beam: bool = False) -> Any:
    """Makes a function, by its annotations, a component."""
    if function is None:
        return lambda f: component(f, component_annotation=component_annotation, use_beam=use_beam)
    if use_beam:
        raise NotImplementedError(f"@component(use_beam=True) {function.__name__}: tfxm has no Beam pipeline to give")
    base_type = component_annotation.__name__.upper() if component_annotation is not None else None
    path = f"{function.__module__}.{function.__name__}"
    members = {
        "TYPE": path,
        "BASE_TYPE": base_type,
        "EXECUTOR": f"{path}_Executor",
        "EXECUTOR_FILE": os.path.abspath(inspect.getsourcefile(function) or ""),
        "FUNCTION": staticmethod(function),
        "SIGNATURE": Signature(function),
        "__doc__": function.__doc__,
        "__module__": function.__module__,
    }
    return type(function.__name__, (FunctionComponent,), members)
