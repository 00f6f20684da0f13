# SPDX-License-Identifier: Apache-2.0
"""Runs a @component function, or an executor that is a Python class, for one node. What it is given and what it leaves is
JSON (components/python_executor.cc): artifacts by key, and each property as {"int": "7"}, {"double": 1.5},
{"string": "x"} or, if it is a bool, a list or a dict, {"json": "[1, 2]"}.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
from types import ModuleType
from typing import Any

from tfxm.runtime import user_module
from tfxm.runtime.errors import UserError

_SUFFIX = "_Executor"  # Of the class that TFX makes of a function.


def _module(class_path: str, module_file: str) -> ModuleType:
    from tfxm.orchestration import runner

    runner.only_defined = True  # A file may run its pipeline without asking whether it is __main__.
    name = class_path.rpartition(".")[0]
    if not module_file:
        user_module.serve_tfx([])
        return importlib.import_module(name)
    packages = name.count(".")
    if packages and os.path.basename(module_file) != "__init__.py":
        root = os.path.dirname(module_file)
        for _ in range(packages):
            root = os.path.dirname(root)
        user_module.prepare(module_file)
        sys.path.append(root)
        return importlib.import_module(name)
    return user_module.load(module_file)


def _find(module: ModuleType, name: str) -> Any:
    for candidate in (name, name.removesuffix(_SUFFIX)):
        if hasattr(module, candidate):
            return getattr(module, candidate)
    raise UserError(f"there is no {name.removesuffix(_SUFFIX)} in {module.__file__}")


def _from_json(properties: dict[str, dict[str, Any]]) -> dict[str, Any]:
    kinds = {"int": int, "double": float, "string": str, "json": json.loads}
    return {name: kinds[kind](value) for name, typed in properties.items() for kind, value in typed.items()}


def _to_json(where: str, properties: dict[str, Any]) -> dict[str, dict[str, Any]]:
    typed: dict[str, dict[str, Any]] = {}
    for name, value in properties.items():
        if isinstance(value, int):
            typed[name] = {"int": str(int(value))}
        elif isinstance(value, float):
            typed[name] = {"double": value}
        elif isinstance(value, str):
            typed[name] = {"string": value}
        else:
            raise UserError(f"{where}: property {name} is a {type(value).__name__}; expected a number or a string")
    return typed


def _artifact_class(type_name: str) -> type:
    from tfxm.dsl import standard_artifacts
    from tfxm.dsl.artifact import Artifact

    found = getattr(standard_artifacts, type_name, None)
    if inspect.isclass(found) and issubclass(found, Artifact):
        return found
    return type(type_name, (Artifact,), {"TYPE_NAME": type_name})


def _artifacts(lists: dict[str, Any], classes: dict[str, type]) -> dict[str, list[Any]]:
    result: dict[str, list[Any]] = {}
    for key, given in lists.items():
        result[key] = []
        for fields in given:
            artifact = classes.get(key, _artifact_class(fields["type_name"]))()
            artifact.id, artifact.name, artifact.uri = int(fields["id"]), fields["name"], fields["uri"]
            artifact.properties = _from_json(fields["properties"])
            artifact.custom_properties = _from_json(fields["custom_properties"])
            result[key].append(artifact)
    return result


def _call_function(component: Any, inputs: dict[str, list[Any]], outputs: dict[str, list[Any]], exec_properties: dict[str, Any]) -> None:
    from tfxm.dsl.function_components import decode_parameter

    signature, name = component.SIGNATURE, component.__name__
    arguments: dict[str, Any] = {}
    for key, wanted in signature.inputs.items():
        given = inputs.get(key, [])
        if wanted.is_list:
            arguments[key] = given
        elif len(given) == 1:
            arguments[key] = given[0].value if wanted.is_value else given[0]
        elif given or not wanted.optional:
            raise UserError(f"{name}: input {key} has {len(given)} artifacts; one is expected (of InputArtifact[list[TYPE]] any number)")
    for key, hint in signature.parameters.items():
        if key in exec_properties:
            arguments[key] = decode_parameter(exec_properties[key], hint)
    for key in signature.outputs:
        arguments[key] = outputs[key][0]
    returned = component.FUNCTION(**arguments) or {}
    if not isinstance(returned, dict):
        raise UserError(f"{name} returned a {type(returned).__name__}; expected a dict of {', '.join(signature.returned) or 'nothing'}")
    for key, (_, optional) in signature.returned.items():
        if key not in returned or (returned[key] is None and not optional):
            raise UserError(f'{name} returned no "{key}"')
        try:
            outputs[key][0].value = returned[key]
        except TypeError as error:
            raise UserError(f'{name}, returned "{key}": {error}') from None


def run(request: dict[str, Any]) -> dict[str, Any]:
    from tfxm.dsl.artifact import ValueArtifact
    from tfxm.dsl.base_executor import BaseExecutor
    from tfxm.dsl.function_components import FunctionComponent

    arguments = json.loads(request["arguments"]["request"])
    class_path = arguments["class_path"]
    executor = _find(_module(class_path, request["module_file"]), class_path.rpartition(".")[2])
    is_function = inspect.isclass(executor) and issubclass(executor, FunctionComponent)
    signature = executor.SIGNATURE if is_function else None
    classes = {key: wanted.type for key, wanted in signature.inputs.items()} if signature else {}
    inputs = _artifacts(arguments["inputs"], classes)
    classes = {**signature.outputs, **{key: t for key, (t, _) in signature.returned.items()}} if signature else {}
    outputs = _artifacts(arguments["outputs"], classes)
    for artifact in (a for made in outputs.values() for a in made if isinstance(a, ValueArtifact)):
        artifact.uri = os.path.join(artifact.uri, "value")  # As TFX.
    exec_properties = _from_json(arguments["exec_properties"])
    if is_function:
        _call_function(executor, inputs, outputs, exec_properties)
    elif inspect.isclass(executor) and hasattr(executor, "Do"):
        is_base = issubclass(executor, BaseExecutor)
        instance = executor(BaseExecutor.Context(arguments["tmp_dir"])) if is_base else executor()
        instance.Do(inputs, outputs, exec_properties)
    else:
        raise UserError(f"{class_path} is neither a @component nor a class with Do(input_dict, output_dict, exec_properties)")
    made = {
        key: [
            {
                "uri": artifact.uri,
                "name": artifact.name,
                "properties": _to_json(f"output {key}", artifact.properties),
                "custom_properties": _to_json(f"output {key}", artifact.custom_properties),
            }
            for artifact in artifacts
        ]
        for key, artifacts in outputs.items()
        if key in arguments["outputs"]
    }
    return {"outputs": json.dumps(made)}
