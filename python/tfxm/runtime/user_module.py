# SPDX-License-Identifier: Apache-2.0
"""Loads a user's module file as TFX would: under its own name, with the family of TFX served by `tfxm.compat`."""

from __future__ import annotations

import difflib
import importlib.machinery
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from tfxm import compat
from tfxm.runtime import environment, keras_progress, sources
from tfxm.runtime.errors import UserError


def serve_tfx(beside: list[str]) -> None:
    real = [name for name in os.environ.get("TFXM_REAL", "").split(",") if name]
    compat.install(real=real, beside=beside)


def prepare(module_file: str) -> None:
    """Keras, and where imports are found: in the file's own folder, and in those that hold its package, after
    everything that is installed."""
    environment.choose_keras(module_file)
    folder = os.path.dirname(os.path.abspath(module_file))
    serve_tfx([folder])
    for place in sources.roots(module_file):
        if place not in sys.path:
            sys.path.append(place)
    keras_progress.install()


def _load(name: str, path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # For pickle, dataclasses and autograph.
    spec.loader.exec_module(module)
    return module


def _import_package(module_file: str) -> str:
    """The name of the package that the module is in, imported."""
    folder, inner = sources.package(module_file)
    outer = os.path.basename(folder)
    spec = importlib.util.find_spec(outer) if "." not in outer else None
    if spec is None or folder not in (spec.submodule_search_locations or ()):  # It is somebody else's name as well, or none.
        outer = f"tfxm_module_{outer.replace('.', '_')}"
        init = os.path.join(folder, "__init__.py")
        if os.path.isfile(init):
            _load(outer, init)
        else:
            spec = importlib.machinery.ModuleSpec(outer, None, is_package=True)
            spec.submodule_search_locations = [folder]
            sys.modules[outer] = importlib.util.module_from_spec(spec)
    return importlib.import_module(".".join([outer, *inner])).__name__


def load(module_file: str) -> ModuleType:
    """Runs the file, as part of its package if it has relative imports."""
    prepare(module_file)
    name = os.path.splitext(os.path.basename(module_file))[0]
    if sources.has_relative_imports(module_file):
        return importlib.import_module(f"{_import_package(module_file)}.{name}")
    if name in sys.stdlib_module_names or name in sys.modules:
        name = f"tfxm_module_{name}"  # random.py is nobody else's `random`.
    return _load(name, module_file)


def function(module: ModuleType, name: str, argument: str) -> Callable[..., Any]:
    """The module's function. UserError says what is expected."""
    found = getattr(module, name, None)
    if found is None:
        names = [n for n, value in vars(module).items() if inspect.isfunction(value)]
        near = difflib.get_close_matches(name, names, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else f": def {name}({argument})"
        raise UserError(f"there is no function {name} in it{hint}")
    if not callable(found):
        raise UserError(f"{name} is a {type(found).__name__}, not a function")
    return found
