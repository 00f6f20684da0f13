# SPDX-License-Identifier: Apache-2.0
"""Which files of the user's own a module is made of: it and what it imports from its own folder and package, read and not run."""

from __future__ import annotations

import ast
import functools
import hashlib
import os
import sys
from collections.abc import Iterator

from tfxm import compat
from tfxm.runtime.errors import UserError

_OF_TFX = ("tfx.examples.", "tfx.experimental.templates.")  # compat: a file beside the module, whatever folders its name has.


@functools.lru_cache(maxsize=None)
def parse(path: str) -> ast.Module:
    try:
        with open(path, "rb") as f:
            return ast.parse(f.read(), path)
    except SyntaxError as error:
        raise UserError(f"{path}:{error.lineno}: {error.msg}\n    {(error.text or '').strip()}") from None
    except ValueError as error:  # A null byte.
        raise UserError(f"{path}: {error}") from None


def _imported(path: str) -> Iterator[tuple[int, str]]:
    """(level of a relative import, dotted name) of everything that the file imports."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""
            for alias in node.names:  # `from package import module`
                yield node.level, ".".join(filter(None, [node.module, alias.name]))


def roots(module_file: str) -> list[str]:
    """Where the module's imports are looked for: in its own folder; if that is a package in the folder that holds it, and
    so on: `models/model.py` says `from models import features`."""
    folders = [os.path.dirname(os.path.abspath(module_file))]
    while os.path.isfile(os.path.join(folders[-1], "__init__.py")) and folders[-1] != os.path.dirname(folders[-1]):
        folders.append(os.path.dirname(folders[-1]))
    return folders


def package(module_file: str) -> tuple[str, list[str]]:
    """What relative imports of the module are relative to: the folder of the outermost package, and the names of those in it on the
    way to the module. It is outermost as the module's files say it: where they have `from models import features`,
    models/keras/model.py is in models, keras. Else as far out as there are packages; without any it is the module's own folder."""
    own, *above = roots(module_file)
    ways = {place: os.path.relpath(own, place).split(os.sep) for place in above or [os.path.dirname(own)]}
    ways = {place: way for place, way in ways.items() if not any("." in name for name in way[1:])}  # A dot would part the name.
    absolute = {name.split(".")[0] for path in python_files(module_file) for level, name in _imported(path) if not level}
    place = next((place for place, way in ways.items() if way[0] in absolute), list(ways)[-1])
    return os.path.join(place, ways[place][0]), ways[place][1:]


def has_relative_imports(module_file: str) -> bool:
    return any(level for level, _ in _imported(os.path.abspath(module_file)))


def _candidates(level: int, name: str, importer: str, root: str) -> Iterator[str]:
    parts = name.split(".") if name else []
    folder = root
    if level:
        folder = os.path.dirname(importer)
        for _ in range(level - 1):
            folder = os.path.dirname(folder)
    starts = [0]
    for prefix in _OF_TFX:
        if name.startswith(prefix):
            starts = list(range(prefix.count("."), len(parts)))
    for start in starts:
        base = os.path.join(folder, *parts[start:])
        yield base + ".py"
        for end in range(start + 1, len(parts) + 1):  # The packages on the way are run too.
            yield os.path.join(folder, *parts[start:end], "__init__.py")


def python_files(module_file: str) -> list[str]:
    """The module first."""
    module_file = os.path.abspath(module_file)
    own, *above = roots(module_file)
    places = [own, *(place for place in above if place not in sys.path)]  # What is installed is not the user's own.
    found = [module_file]
    if has_relative_imports(module_file):  # Which runs the packages that it is in.
        found += [init for folder in [own, *above] if os.path.isfile(init := os.path.join(folder, "__init__.py"))]
    for path in found:  # Grows on the way.
        for level, name in _imported(path):
            served = name.split(".")[0] in compat.NAMES  # Above may be all of TFX.
            for candidate in (c for place in (places[:1] if served else places) for c in _candidates(level, name, path, place)):
                if candidate not in found and os.path.isfile(candidate):
                    found.append(candidate)
    return found


def _hash(path: str) -> str:
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def files(module_file: str) -> dict[str, str]:
    """Path to SHA-256."""
    return {path: _hash(path) for path in python_files(module_file)}


def own_hash() -> str:
    """Of what runs a module: this package's own files, without the tests and the front end."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    digest = hashlib.sha256()
    for part in ("runtime", "compat", "dsl"):
        for folder, folders, names in sorted(os.walk(os.path.join(package, part))):
            folders.sort()
            for name in sorted(names):
                if name.endswith(".py"):
                    digest.update(_hash(os.path.join(folder, name)).encode())
    return digest.hexdigest()
