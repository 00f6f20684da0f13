# SPDX-License-Identifier: Apache-2.0
"""A preprocessing_fn as data: a graph, in which what must be computed over all examples is placeholders.

    trace.write(module.preprocessing_fn, "schema.pbtxt", "out")

leaves out/graph.pb (a GraphDef) and out/trace.json: the tensors of the inputs and outputs by name (one; indices, values,
dense_shape; or values and row splits), and the analyzers with their input, their options and the placeholders for their results
(transform/traced_function.h). The engine makes the passes over the data.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import inspect
import json
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from tfxm.runtime import schema as schemas
from tfxm.runtime import sources
from tfxm.runtime.errors import UserError

_PYTHON_OPS = ("PyFunc", "PyFuncStateless", "EagerPyFunc")

_local = threading.local()


@dataclasses.dataclass
class Trace:
    """What a preprocessing_fn asked for while it built its graph."""

    graph: tf.Graph
    analyzers: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    domains: list[dict[str, Any]] = dataclasses.field(default_factory=list)  # Of tensors: what a schema says of them.
    assets: dict[str, str] = dataclasses.field(default_factory=dict)  # tft.annotate_asset
    sparse_outputs: dict[str, list[int | None]] = dataclasses.field(default_factory=dict)  # Sizes by the tensor of values.
    key_fns: dict[int, Callable[[Any], Any]] = dataclasses.field(default_factory=dict)  # Of vocabularies, by their place among the analyzers.
    vocabulary_values: dict[str, tf.Tensor] = dataclasses.field(default_factory=dict)  # Of TFRecords, by the file's tensor.
    vocabulary_sizes: dict[str, tf.Tensor] = dataclasses.field(default_factory=dict)  # By vocab_filename.

    def analyze(
        self, kind: str, inputs: list[tf.Tensor], outputs: dict[str, tuple[tf.DType, list[int | None]]], name: str, **options: Any
    ) -> list[tf.Tensor]:
        """Placeholders for the results of an analyzer."""
        with tf.name_scope(name):
            placeholders = [tf.compat.v1.placeholder(dtype, shape, name=n) for n, (dtype, shape) in outputs.items()]
        self.analyzers.append(
            {"kind": kind, "name": name, "inputs": [v.name for v in inputs], "outputs": [p.name for p in placeholders], **options})  # fmt: skip
        return placeholders


def current() -> Trace:
    """The trace of this thread. RuntimeError outside of a preprocessing_fn."""
    trace = getattr(_local, "trace", None)
    if trace is None:
        raise RuntimeError("analyzers (tft.mean, tft.vocabulary, …) can be used in a preprocessing_fn only, while Transform calls it")
    return trace


@contextlib.contextmanager
def _constants_from_outside(graph: tf.Graph) -> Iterator[None]:
    """What was computed before, when the module was imported, becomes constants of the graph, as in TFT's tf.function."""
    kind = next(k for k in type(tf.constant(0)).__mro__ if "__tf_tensor__" in vars(k))
    original = kind.__tf_tensor__

    def as_constant(tensor: Any, dtype: Any = None, name: str | None = None) -> Any:
        if tf.executing_eagerly() or tf.compat.v1.get_default_graph() is not graph:
            return original(tensor, dtype, name)
        if tensor.dtype in (tf.resource, tf.variant):
            raise UserError(
                "it uses a table, variable or dataset that was made outside of it; make tables in the preprocessing_fn, and constants of the others")
        if dtype is not None and tensor.dtype != dtype:
            raise ValueError(f"a tensor of {tensor.dtype.name} stands where one of {tf.as_dtype(dtype).name} is expected")
        return tf.constant(tensor.numpy(), tensor.dtype, name=name or "outside")

    kind.__tf_tensor__ = as_constant
    try:
        yield
    finally:
        kind.__tf_tensor__ = original


@contextlib.contextmanager
def _tracing(trace: Trace) -> Iterator[None]:
    _local.trace = trace
    try:
        with _constants_from_outside(trace.graph), trace.graph.as_default():
            yield
    finally:
        _local.trace = None


def _type_spec(name: str, entry: Any) -> Any:
    if isinstance(entry, tf.TypeSpec):
        return entry
    if isinstance(entry, tf.io.FixedLenFeature):
        return tf.TensorSpec([None, *tf.TensorShape(entry.shape).as_list()], entry.dtype)
    if isinstance(entry, tf.io.VarLenFeature):
        return tf.SparseTensorSpec([None, None], entry.dtype)
    if isinstance(entry, tf.io.SparseFeature):
        sizes = entry.size if isinstance(entry.size, (list, tuple, tf.TensorShape)) else [entry.size]
        return tf.SparseTensorSpec([None, *(None if size in (-1, None) else int(size) for size in sizes)], entry.dtype)
    if isinstance(entry, tf.io.RaggedFeature):
        rank = 1 + len(entry.partitions)
        return tf.RaggedTensorSpec([None] * (1 + rank), entry.dtype, rank, entry.row_splits_dtype)
    raise UserError(f'feature "{name}" is a {type(entry).__name__}, which is not a feature of tf.io')


def _placeholder(name: str, entry: Any) -> Any:
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in name)
    safe = safe if safe[:1].isalnum() else "f" + safe
    spec = _type_spec(name, entry)
    if isinstance(spec, tf.TensorSpec):
        return tf.compat.v1.placeholder(spec.dtype, spec.shape, name=f"inputs/{safe}")
    if isinstance(spec, tf.SparseTensorSpec):
        rank = spec.shape.rank
        parts = [("indices", tf.int64, [None, rank]), ("values", spec.dtype, [None]), ("dense_shape", tf.int64, [rank])]
    else:
        parts = [("values", spec.dtype, [None, *spec.shape[spec.ragged_rank + 1:]])]
        parts += [(f"row_splits_{i}", spec.row_splits_dtype, [None]) for i in range(spec.ragged_rank)]
    placeholders = [tf.compat.v1.placeholder(dtype, shape, name=f"inputs/{safe}/{part}") for part, dtype, shape in parts]
    return tf.nest.pack_sequence_as(spec, placeholders, expand_composites=True)  # With what the spec knows of the shape.


def _components(value: Any) -> list[tf.Tensor]:
    if isinstance(value, tf.SparseTensor):
        return [value.indices, value.values, value.dense_shape]
    if isinstance(value, tf.RaggedTensor):
        return [value.flat_values, *value.nested_row_splits]
    return [value]


def _call(preprocessing_fn: Callable[..., Any], inputs: dict[str, Any], custom_config: Any) -> Any:
    # As TFT's tf.function does: `if` and `for` on tensors become parts of the graph.
    convert = getattr(tf, "__internal__").autograph.tf_convert
    status = getattr(tf, "__internal__").autograph.control_status_ctx()
    arguments = {}
    if custom_config is not None and "custom_config" in inspect.signature(preprocessing_fn).parameters:
        arguments["custom_config"] = custom_config
    with _quiet_autograph():
        return convert(preprocessing_fn, status)(inputs, **arguments)


@contextlib.contextmanager
def _quiet_autograph() -> Iterator[None]:
    """What it cannot convert (a lambda, a function typed into a prompt) it runs as it is, and warns."""
    import logging

    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _as_output(name: Any, value: Any, trace: Trace) -> Any:
    if not isinstance(name, str) or not name:
        raise UserError(f"an output has the name {name!r}; names are texts")
    if not isinstance(value, (tf.Tensor, tf.SparseTensor, tf.RaggedTensor)):
        raise UserError(f'output "{name}" is a {type(value).__name__}; expected a tf.Tensor, tf.SparseTensor or tf.RaggedTensor')
    if isinstance(value, tf.RaggedTensor):
        outer, inner = value.shape[1 : value.ragged_rank + 1], value.shape[value.ragged_rank + 1 :]
        if any(outer) or not inner.is_fully_defined():
            raise UserError(
                f'output "{name}" is a ragged tensor of shape {value.shape}; examples hold those whose ragged dimensions come '
                "first and whose other dimensions are known: use to_tensor, to_sparse or tf.ensure_shape")  # fmt: skip
    if any(c.graph is not trace.graph for c in _components(value)):
        raise UserError(f'output "{name}" is a tensor of another graph: of a tf.function, or of another call')
    if isinstance(value, tf.Tensor) and value.shape.rank is None:
        raise UserError(f'output "{name}" has no known rank; use tf.reshape or tf.ensure_shape')
    return value


def _outputs(returned: Any, trace: Trace) -> dict[str, Any]:
    if not isinstance(returned, dict):
        raise UserError(f"it returned {type(returned).__name__ if returned is not None else 'nothing'}; expected a dictionary of outputs by name")
    if not returned:
        raise UserError("it returned no features")
    return {name: _as_output(name, value, trace) for name, value in returned.items()}


def trace_function(preprocessing_fn: Callable[..., Any], schema: Any, custom_config: Any = None) -> tuple[Trace, dict[str, Any], dict[str, Any]]:
    """The trace, the inputs and the outputs."""
    try:
        spec = schemas.as_type_specs(schema)
    except ValueError as error:
        raise UserError(f"the schema: {error}") from None
    return trace_of_spec(preprocessing_fn, spec, custom_config)


def trace_of_spec(
    preprocessing_fn: Callable[..., Any], spec: dict[str, Any], custom_config: Any = None
) -> tuple[Trace, dict[str, Any], dict[str, Any]]:
    """The same of a feature spec, which may have tf.TypeSpecs of batches in it."""
    _check_literal(preprocessing_fn)
    trace = Trace(tf.Graph())
    with _tracing(trace):
        inputs = {name: _placeholder(name, entry) for name, entry in sorted(spec.items())}
        try:
            returned = _call(preprocessing_fn, dict(inputs), custom_config)
        except (AttributeError, NotImplementedError) as error:
            if "numpy" not in str(error).lower():
                raise
            raise _no_values(error).with_traceback(error.__traceback__) from None
        outputs = _outputs(returned, trace)
        _keep_shapes(trace, outputs)
    return trace, inputs, outputs


def _keep_shapes(trace: Trace, outputs: dict[str, Any]) -> None:
    """What Python knows of a shape (tf.Tensor.set_shape) and the operations do not say becomes one of them."""
    inferred = tf.Graph()
    with inferred.as_default():
        tf.graph_util.import_graph_def(trace.graph.as_graph_def(), name="")
    for name, value in outputs.items():
        if isinstance(value, tf.RaggedTensor):
            flat = value.flat_values
            if inferred.get_tensor_by_name(flat.name).shape.as_list() != flat.shape.as_list():
                outputs[name] = value.with_flat_values(tf.ensure_shape(flat, flat.shape))
                trace.domains += [{**d, "tensor": outputs[name].flat_values.name} for d in trace.domains if d["tensor"] == flat.name]
            continue
        if not isinstance(value, tf.Tensor):
            continue
        shape = inferred.get_tensor_by_name(value.name).shape
        if shape.rank is None or shape.as_list() != value.shape.as_list():
            outputs[name] = tf.ensure_shape(value, value.shape)
            trace.domains += [{**d, "tensor": outputs[name].name} for d in trace.domains if d["tensor"] == value.name]


def _check_literal(preprocessing_fn: Callable[..., Any]) -> None:
    """Of two entries of one name in a {…} Python keeps the last and says nothing."""
    try:
        path = inspect.getsourcefile(preprocessing_fn)
        tree = sources.parse(path) if path else None
        line = preprocessing_fn.__code__.co_firstlineno
    except (OSError, TypeError, AttributeError):
        return
    for function in ast.walk(tree) if tree else ():
        if not isinstance(function, ast.FunctionDef) or function.lineno != line:
            continue
        for literal in ast.walk(function):
            if not isinstance(literal, ast.Dict):
                continue
            names = [key.value for key in literal.keys if isinstance(key, ast.Constant)]
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise UserError(f"{path}:{literal.lineno}: the name {twice[0]!r} is there twice; the first would be lost")


def _no_values(error: Exception) -> Exception:
    return TypeError(
        "a preprocessing_fn is called once, with symbolic tensors that have no values: .numpy() and NumPy's functions "
        f"do not work in it; use TensorFlow's ({error})")  # fmt: skip


def _sparse_sizes(trace: Trace, outputs: dict[str, Any]) -> dict[str, list[int]]:
    """Of sparse outputs that are written with their places, without the batch; -1 for what is not known."""
    sizes = {}
    for name, value in outputs.items():
        if not isinstance(value, tf.SparseTensor):
            continue
        annotated = trace.sparse_outputs.get(value.values.name)
        if annotated is None and (value.shape.rank is None or value.shape.rank <= 2):
            continue
        known = value.shape[1:].as_list() if annotated is None else annotated
        sizes[name] = [-1 if size is None else int(size) for size in known]
    return sizes


def write_keys(
    preprocessing_fn: Callable[..., Any], schema_path: str, custom_config: Any, analyzer: int, values_path: str, keys_path: str
) -> None:  # fmt: skip
    """The keys of the values (TFRecords) by the key_fn of a vocabulary, as texts that are the same for the same key."""
    trace, _, _ = trace_function(preprocessing_fn, schemas.read(schema_path), custom_config)
    key_fn = trace.key_fns[analyzer]
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(keys_path, options) as writer:
        for record in tf.data.TFRecordDataset(values_path, compression_type="GZIP").as_numpy_iterator():
            key = key_fn(record)
            writer.write(key if isinstance(key, bytes) else key.encode() if isinstance(key, str) else repr(key).encode())


def write(preprocessing_fn: Callable[..., Any], schema_path: str, output_dir: str, custom_config: Any = None) -> None:
    trace, inputs, outputs = trace_function(preprocessing_fn, schemas.read(schema_path), custom_config)
    for op in trace.graph.get_operations():
        if op.type in _PYTHON_OPS:
            raise UserError(f'"{op.name}" is Python code in the graph (tf.py_function, tf.numpy_function); only TensorFlow\'s functions can be saved and run elsewhere')
    if trace.graph.get_collection(tf.compat.v1.GraphKeys.GLOBAL_VARIABLES):
        raise UserError("it makes variables; a preprocessing_fn is a function of its inputs: use tf.constant")

    def names(values: dict[str, Any]) -> dict[str, list[str]]:
        return {name: [c.name for c in _components(value)] for name, value in values.items()}

    os.makedirs(output_dir, exist_ok=True)
    with open(os.path.join(output_dir, "graph.pb"), "wb") as f:
        f.write(trace.graph.as_graph_def(add_shapes=False).SerializeToString(deterministic=True))
    with open(os.path.join(output_dir, "trace.json"), "w", encoding="utf-8") as f:
        json.dump(
            {
                "inputs": names(inputs),
                "outputs": names(outputs),
                "ragged": [name for name, value in outputs.items() if isinstance(value, tf.RaggedTensor)],
                "sparse": _sparse_sizes(trace, outputs),
                "analyzers": trace.analyzers,
                "domains": trace.domains,
                "assets": trace.assets,
            },
            f,
        )
