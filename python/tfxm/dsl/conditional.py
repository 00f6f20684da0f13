# SPDX-License-Identifier: Apache-2.0
"""Nodes that run only if something is so: what a node has put out decides.

    with Cond(evaluator.outputs["blessing"].future()[0].custom_property("blessed") == 1):
        pusher = Pusher(model=trainer.outputs["model"], …)

`future()` stands for the artifacts of a channel while the pipeline runs: `.uri`, `.value`, `.property(name)` and
`.custom_property(name)` of one of them are compared (==, !=, <, <=, >, >=) with a number, a string or one another, and
what comes of it is joined by logical_and, logical_or, logical_not. Cond within Cond: both must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from tfxm import protos

if TYPE_CHECKING:
    from tfxm.dsl.channel import Channel

_placeholder = protos.load("tfx/proto/orchestration/placeholder.proto")

KeyOf = Callable[["Channel"], str]  # Of the node's input that a channel is.


class Expression:
    """A value that is known when the pipeline runs."""

    def encode(self, key_of: KeyOf) -> Message:
        raise NotImplementedError

    def channels(self) -> Iterator[Channel]:
        raise NotImplementedError

    def __bool__(self) -> bool:
        raise TypeError("it is known only when the pipeline runs: use Cond(…), and logical_and, logical_or, logical_not for and, or, not")

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> Predicate:  # type: ignore[override]
        return _Comparison(self, other, "EQUAL")

    def __ne__(self, other: object) -> Predicate:  # type: ignore[override]
        return logical_not(self == other)

    def __lt__(self, other: object) -> Predicate:
        return _Comparison(self, other, "LESS_THAN")

    def __gt__(self, other: object) -> Predicate:
        return _Comparison(self, other, "GREATER_THAN")

    def __le__(self, other: object) -> Predicate:
        return logical_not(self > other)

    def __ge__(self, other: object) -> Predicate:
        return logical_not(self < other)


class Future(Expression):
    """The artifacts of a channel; `future()[i]` is one of them, without an index the first."""

    def __init__(self, channel: Channel, index: int = 0) -> None:
        self._channel, self._index = channel, index

    def __getitem__(self, index: int) -> Future:
        return Future(self._channel, index)

    @property
    def uri(self) -> Expression:
        return _OfArtifact(self, "artifact_uri_op")

    @property
    def value(self) -> Expression:
        return _OfArtifact(self, "artifact_value_op")

    def property(self, key: str) -> Expression:  # type: ignore[valid-type]  # noqa: A003
        return _OfArtifact(self, "artifact_property_op", key=key)

    def custom_property(self, key: str) -> Expression:
        return _OfArtifact(self, "artifact_property_op", key=key, is_custom_property=True)

    def encode(self, key_of: KeyOf) -> Message:
        out = _placeholder.PlaceholderExpression()
        out.operator.index_op.expression.placeholder.key = key_of(self._channel)
        out.operator.index_op.index = self._index
        return out

    def channels(self) -> Iterator[Channel]:
        yield self._channel


class _OfArtifact(Expression):
    def __init__(self, artifact: Future, operator: str, **fields: object) -> None:
        self._artifact, self._operator, self._fields = artifact, operator, fields

    def encode(self, key_of: KeyOf) -> Message:
        out = _placeholder.PlaceholderExpression()
        operator = getattr(out.operator, self._operator)
        operator.expression.CopyFrom(self._artifact.encode(key_of))
        for name, value in self._fields.items():
            setattr(operator, name, value)
        return out

    def channels(self) -> Iterator[Channel]:
        return self._artifact.channels()


class Predicate(Expression):
    """Something that is so or is not."""


def _encode(value: object, key_of: KeyOf) -> Message:
    if isinstance(value, Expression):
        return value.encode(key_of)
    out = _placeholder.PlaceholderExpression()
    if isinstance(value, int):
        out.value.int_value = value
    elif isinstance(value, float):
        out.value.double_value = value
    elif isinstance(value, str):
        out.value.string_value = value
    else:
        raise TypeError(f"Cond: what an artifact has is compared with a number, a string or another such value, not with {value!r}")
    return out


class _Comparison(Predicate):
    def __init__(self, left: Expression, right: object, operation: str) -> None:
        _encode(right, lambda channel: "")  # A TypeError where the mistake is.
        self._left, self._right, self._operation = left, right, operation

    def encode(self, key_of: KeyOf) -> Message:
        out = _placeholder.PlaceholderExpression()
        out.operator.compare_op.lhs.CopyFrom(self._left.encode(key_of))
        out.operator.compare_op.rhs.CopyFrom(_encode(self._right, key_of))
        out.operator.compare_op.op = _placeholder.ComparisonOperator.Operation.Value(self._operation)
        return out

    def channels(self) -> Iterator[Channel]:
        yield from self._left.channels()
        if isinstance(self._right, Expression):
            yield from self._right.channels()


class _Not(Predicate):
    def __init__(self, predicate: Predicate) -> None:
        self._predicate = predicate

    def encode(self, key_of: KeyOf) -> Message:
        out = _placeholder.PlaceholderExpression()
        out.operator.unary_logical_op.expression.CopyFrom(self._predicate.encode(key_of))
        out.operator.unary_logical_op.op = _placeholder.UnaryLogicalOperator.NOT
        return out

    def channels(self) -> Iterator[Channel]:
        return self._predicate.channels()


class _Both(Predicate):
    def __init__(self, left: Predicate, right: Predicate, operation: int) -> None:
        self._left, self._right, self._operation = left, right, operation

    def encode(self, key_of: KeyOf) -> Message:
        out = _placeholder.PlaceholderExpression()
        out.operator.binary_logical_op.lhs.CopyFrom(self._left.encode(key_of))
        out.operator.binary_logical_op.rhs.CopyFrom(self._right.encode(key_of))
        out.operator.binary_logical_op.op = self._operation
        return out

    def channels(self) -> Iterator[Channel]:
        yield from self._left.channels()
        yield from self._right.channels()


def _check(where: str, predicate: object) -> Predicate:
    if not isinstance(predicate, Predicate):
        raise TypeError(f"{where}: expected a comparison such as channel.future()[0].value == 1, got {type(predicate).__name__}")
    return predicate


def logical_not(predicate: Predicate) -> Predicate:
    return _Not(_check("logical_not", predicate))


def logical_and(left: Predicate, right: Predicate) -> Predicate:
    return _Both(_check("logical_and", left), _check("logical_and", right), _placeholder.BinaryLogicalOperator.AND)


def logical_or(left: Predicate, right: Predicate) -> Predicate:
    return _Both(_check("logical_or", left), _check("logical_or", right), _placeholder.BinaryLogicalOperator.OR)


class Cond:
    """The nodes that are made within `with Cond(predicate):` run only if it holds."""

    _active: list[Cond] = []

    def __init__(self, predicate: Predicate) -> None:
        self.predicate = _check("Cond", predicate)

    def __enter__(self) -> Cond:
        Cond._active.append(self)
        return self

    def __exit__(self, *error: Any) -> None:
        Cond._active.pop()

    @staticmethod
    def active() -> list[Cond]:
        """Those that a node that is made now is within, the outermost first."""
        return list(Cond._active)
