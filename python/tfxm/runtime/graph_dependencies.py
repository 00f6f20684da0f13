# SPDX-License-Identifier: Apache-2.0
"""Which inputs the outputs of a graph follow from, also through the functions that it calls."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def _components(value: Any) -> list[tf.Tensor]:
    return [c for c in tf.nest.flatten(value, expand_composites=True) if isinstance(c, tf.Tensor)]


class _Library:
    """FunctionDefs by name: which of a function's arguments one of its results follows from."""

    def __init__(self, graph_def: Any) -> None:
        self._functions = {function.signature.name: function for function in graph_def.library.function}
        self._known: dict[tuple[str, int], set[int]] = {}

    def arguments_of(self, name: str, result: int) -> set[int]:
        key = (name, result)
        if key not in self._known:
            self._known[key] = set()  # A function that calls itself.
            self._known[key] = self._find(name, result)
        return self._known[key]

    def _find(self, name: str, result: int) -> set[int]:
        function = self._functions[name]
        arguments = {arg.name: i for i, arg in enumerate(function.signature.input_arg)}
        nodes = {node.name: node for node in function.node_def}
        found: set[int] = set()
        seen: set[str] = set()
        open_refs = [function.ret[function.signature.output_arg[result].name]]
        while open_refs:
            ref = open_refs.pop()
            if ref in seen:
                continue
            seen.add(ref)
            head, *rest = ref.lstrip("^").split(":")
            if head in arguments:
                found.add(arguments[head])
            elif head in nodes:
                node = nodes[head]
                inputs = [i for i in node.input if not i.startswith("^")]
                if node.op in _CALLS and len(rest) == 2:  # "call:output:3"
                    inputs = [inputs[i] for i in self.arguments_of(node.attr["f"].func.name, int(rest[1]))]
                open_refs += inputs
        return found


def of_outputs(inputs: dict[str, Any], outputs: dict[str, Any]) -> dict[str, set[str]]:
    """Names of inputs by name of output. All are of one tf.Graph."""
    of_tensor = {tensor.ref(): name for name, value in inputs.items() for tensor in _components(value)}
    graph = next(iter(_components(outputs))).graph
    library = _Library(graph.as_graph_def())
    result: dict[str, set[str]] = {}
    for name, value in outputs.items():
        needed: set[str] = set()
        seen = set()
        open_tensors = _components(value)
        while open_tensors:
            tensor = open_tensors.pop()
            if tensor.ref() in seen:
                continue
            seen.add(tensor.ref())
            if tensor.ref() in of_tensor:
                needed.add(of_tensor[tensor.ref()])
                continue
            op = tensor.op
            taken = list(op.inputs)
            if op.type in _CALLS:
                taken = [taken[i] for i in library.arguments_of(op.get_attr("f").name, tensor.value_index)]
            open_tensors += taken
        result[name] = needed
    return result
