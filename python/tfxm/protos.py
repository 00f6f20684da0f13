# SPDX-License-Identifier: Apache-2.0
"""The published messages of the TFX family, made from their descriptors: no generated code, no `tfx`, no `ml_metadata`.

    pipeline_pb2 = protos.load("tfx/proto/orchestration/pipeline.proto")
    ir = pipeline_pb2.Pipeline()

A module has what protoc's `_pb2` has: the messages, the enums with their values, DESCRIPTOR. The descriptors are
those that the engine is built with (`descriptors.pb` beside it).
"""

from __future__ import annotations

import functools
import importlib
import importlib.machinery
import types

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf import any_pb2, duration_pb2, struct_pb2, timestamp_pb2, wrappers_pb2  # noqa: F401  In the pool.
from google.protobuf.internal import enum_type_wrapper

from tfxm import native


@functools.lru_cache(maxsize=None)
def _files() -> dict[str, descriptor_pb2.FileDescriptorProto]:
    files = descriptor_pb2.FileDescriptorSet()
    with open(native.data("descriptors.pb"), "rb") as f:
        files.ParseFromString(f.read())
    return {file.name: file for file in files.file}


def names() -> list[str]:
    """The files that `load` knows."""
    return sorted(_files())


def _find(name: str):
    """The file's descriptor in the pool that all of Python's protobuf shares, adding it and what it needs first."""
    pool = descriptor_pool.Default()
    try:
        return pool.FindFileByName(name)  # The real package is imported already.
    except KeyError:
        pass
    if name not in _files():
        raise ImportError(f"no messages {name}; there are {', '.join(names())}")
    file = _files()[name]
    for dependency in file.dependency:
        _find(dependency)
    real = _module_name(name)
    if name.startswith("tensorflow_metadata/") and importlib.machinery.PathFinder.find_spec("tensorflow_metadata") is not None:
        importlib.import_module(real)  # It would collide with ours if it were imported later, in another version.
    else:
        pool.AddSerializedFile(file.SerializeToString())
    return pool.FindFileByName(name)


def _module_name(name: str) -> str:
    return name.removesuffix(".proto").replace("/", ".") + "_pb2"


@functools.lru_cache(maxsize=None)
def load(name: str) -> types.ModuleType:
    """The messages of a .proto file, as a module. ImportError if there is no such file."""
    file = _find(name)
    module = types.ModuleType(_module_name(name), f"The messages of {name}.")
    module.DESCRIPTOR = file  # type: ignore[attr-defined]
    for message_name, message in file.message_types_by_name.items():
        setattr(module, message_name, message_factory.GetMessageClass(message))
    for enum_name, enum in file.enum_types_by_name.items():
        setattr(module, enum_name, enum_type_wrapper.EnumTypeWrapper(enum))
        for value in enum.values:
            setattr(module, value.name, value.number)
    return module
