# SPDX-License-Identifier: Apache-2.0
"""BaseComponent: a component that is a class with a ComponentSpec and an executor in Python, as in TFX.

    class CountSpec(ComponentSpec):
        PARAMETERS = {"least": ExecutionParameter(type=int)}
        INPUTS = {"examples": ChannelParameter(type=Examples)}
        OUTPUTS = {"count": ChannelParameter(type=Integer)}

    class Count(BaseComponent):
        SPEC_CLASS = CountSpec
        EXECUTOR_SPEC = ExecutorClassSpec(CountExecutor)   # A BaseExecutor.

        def __init__(self, examples: Channel, least: int = 1):
            super().__init__(spec=CountSpec(examples=examples, least=least, count=Channel(type=Integer)))

The executor runs when the pipeline does, in a Python of its own: runtime/execute.py.
"""

from __future__ import annotations

import inspect
import itertools
import typing
from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message

from tfxm.dsl.artifact import Artifact, check_type
from tfxm.dsl.channel import Channel
from tfxm.dsl.node import Node
from tfxm.dsl.parameters import JsonParameter, RuntimeParameter, message_json, nearest


class ExecutionParameter:
    """`type` is int, float, str, bool, list, dict, a List or Dict of such, a message class or Any."""

    def __init__(self, type: Any = None, optional: bool = False, use_proto: bool = False) -> None:  # noqa: A002
        if use_proto:
            raise NotImplementedError("ExecutionParameter(use_proto=True): tfxm gives an executor a message as JSON")
        self.type, self.optional = type, optional

    def encoded(self, name: str, value: Any) -> Any:
        """As an exec property. TypeError, with TFX's text, if the value is of another type."""
        if isinstance(value, RuntimeParameter):
            return value
        if inspect.isclass(self.type) and issubclass(self.type, Message):
            return message_json(f"parameter {name!r}", value, self.type)
        expected = typing.get_origin(self.type) or self.type
        if expected is not Any and not isinstance(value, expected):
            raise TypeError(f"Expected type {self.type!s} for parameter {name!r} but got {value!s} instead.")
        return JsonParameter(value) if isinstance(value, (bool, list, tuple, dict)) else value


class ChannelParameter:
    """An input or output, of artifacts of one type."""

    def __init__(self, type: type[Artifact] | None = None, optional: bool = False, allow_empty: bool | None = None, is_async: bool = False) -> None:  # noqa: A002
        if is_async:
            raise NotImplementedError("ChannelParameter(is_async=True): tfxm publishes what a node makes when it has ended")
        self.type: type[Artifact] = check_type("ChannelParameter(type=…)", type)
        self.optional, self.allow_empty = optional, optional if allow_empty is None else allow_empty


class ComponentSpec:
    """What a component takes and makes; an instance says what it is given. A wrong class is a TypeError where it is defined."""

    PARAMETERS: Mapping[str, ExecutionParameter] = {}
    INPUTS: Mapping[str, ChannelParameter] = {}
    OUTPUTS: Mapping[str, ChannelParameter] = {}
    TYPE_ANNOTATION: type | None = None

    def __init_subclass__(cls, validate: bool = True) -> None:
        super().__init_subclass__()
        if not validate:
            return
        for kind, expected in (("PARAMETERS", ExecutionParameter), ("INPUTS", ChannelParameter), ("OUTPUTS", ChannelParameter)):
            if kind not in {name for base in cls.__mro__[:-2] for name in vars(base)}:
                raise TypeError(f"{cls} does not have {kind}.")
            for name, parameter in getattr(cls, kind).items():
                if not isinstance(parameter, expected):
                    raise TypeError(f"{cls.__name__}.{kind}[{name!r}]: expected {expected.__name__}, got {parameter!r}")
        names = [*cls.PARAMETERS, *cls.INPUTS, *cls.OUTPUTS]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{cls.__name__} has a duplicate argument with name {name}")

    def __init__(self, **arguments: Any) -> None:
        known = {**self.PARAMETERS, **self.INPUTS, **self.OUTPUTS}
        name = type(self).__name__
        for key in arguments:
            if key not in known:
                raise ValueError(f'{name} has no argument "{key}"{nearest(key, known) or "; it has " + ", ".join(known)}')
        for key, parameter in known.items():
            if arguments.get(key) is None and not parameter.optional and (key in self.INPUTS or key not in arguments):
                raise ValueError(f"Missing argument {key!r} to {type(self)}.")
        for key, parameter in itertools.chain(self.INPUTS.items(), self.OUTPUTS.items()):
            value = arguments.get(key)
            if value is not None and not isinstance(value, Channel):
                raise TypeError(f"Argument {key} should be a Channel of type {parameter.type} (got {value}).")
            if value is not None and value.type.TYPE_NAME != parameter.type.TYPE_NAME:
                raise TypeError(f"Argument {key} should be a Channel of type {parameter.type} (got {value.type}).")
        self.exec_properties = {
            key: parameter.encoded(key, arguments[key]) for key, parameter in self.PARAMETERS.items() if not (parameter.optional and arguments.get(key) is None)
        }
        self.inputs = {key: arguments[key] for key in self.INPUTS if arguments.get(key) is not None}
        self.outputs = {key: arguments[key] for key in self.OUTPUTS if arguments.get(key) is not None}


class ExecutorClassSpec:
    """Names the class whose Do runs."""

    def __init__(self, executor_class: type) -> None:
        if not inspect.isclass(executor_class):
            raise TypeError(f"{type(self).__name__}: expected a class, got {executor_class!r}")
        self.executor_class = executor_class


class BeamExecutorSpec(ExecutorClassSpec):
    """As the other, for an executor that TFX gives a Beam pipeline. tfxm has none to give."""


class BaseComponent(Node):
    SPEC_CLASS: type[ComponentSpec] = ComponentSpec
    EXECUTOR_SPEC: ExecutorClassSpec | None = None
    DRIVER_CLASS: type | None = None

    def __init__(self, spec: ComponentSpec, custom_executor_spec: ExecutorClassSpec | None = None) -> None:
        super().__init__()
        name, executor = type(self).__name__, custom_executor_spec or self.EXECUTOR_SPEC
        if not isinstance(spec, self.SPEC_CLASS):
            raise ValueError(f'{name} expects the "spec" argument to be an instance of {self.SPEC_CLASS}; got {spec!r} instead.')
        if not isinstance(executor, ExecutorClassSpec):
            raise TypeError(f"{name} expects EXECUTOR_SPEC to be an ExecutorClassSpec; got {executor!r} instead.")
        if self.DRIVER_CLASS is not None and self.DRIVER_CLASS.__name__ != "BaseDriver":
            raise NotImplementedError(f"{name}.DRIVER_CLASS: tfxm runs no drivers in Python")
        self.spec = spec
        cls, run = type(self), executor.executor_class
        self.TYPE = f"{cls.__module__}.{cls.__name__}"
        self.BASE_TYPE = spec.TYPE_ANNOTATION.__name__.upper() if spec.TYPE_ANNOTATION is not None else None
        self.EXECUTOR = f"{run.__module__}.{run.__name__}"
        self.EXECUTOR_FILE = inspect.getsourcefile(run)
        for key, channel in spec.inputs.items():
            self._take(key, channel, spec.INPUTS[key].type, spec.INPUTS[key].allow_empty)
        for key in spec.outputs:
            self._put(key, spec.OUTPUTS[key].type)
        self._set(**spec.exec_properties)
