# SPDX-License-Identifier: Apache-2.0
"""Where the engine and what lies beside it are: in the package, in a build tree, or where it is installed.

    subprocess.run([native.program(), "inspect", "model.tflite"])
    native.data("descriptors.pb")
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator

_HERE = os.path.dirname(os.path.abspath(__file__))


def _folders() -> Iterator[tuple[str, str]]:
    """(the folder of the program, the folder of what lies beside it), the nearest first."""
    engine = os.environ.get("TFXM_ENGINE")  # Set by the engine for what it starts, or by who has several.
    if engine:
        folder = os.path.dirname(os.path.abspath(engine))
        yield folder, folder
        yield folder, os.path.join(os.path.dirname(folder), "share", "tfxm")
    native = os.path.join(_HERE, "_native")  # A wheel.
    yield os.path.join(native, "bin"), os.path.join(native, "share", "tfxm")
    above = os.path.dirname(os.path.dirname(_HERE))
    yield os.path.join(os.path.dirname(os.path.dirname(above)), "bin"), above  # PREFIX/share/tfxm/python/tfxm: installed.
    build = os.path.dirname(above)  # BUILD/lib/python/tfxm: a link in a build tree.
    yield build, build
    build = os.path.join(above, "build")  # ROOT/python/tfxm: a checkout that is built.
    yield build, build


def program() -> str:
    """The engine's path. FileNotFoundError if it is nowhere."""
    engine = os.environ.get("TFXM_ENGINE")
    if engine:
        return engine
    for folder, _ in _folders():
        path = os.path.join(folder, "tfxm")
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise FileNotFoundError(
        "the engine (the program tfxm) is neither in this package nor in build/: build it with `make`, or say where it is with TFXM_ENGINE"
    )


def environment() -> dict[str, str]:
    """What the engine is started with: modules run on this Python, and TensorFlow's and LiteRT's libraries are found
    where they are installed for it. In a wheel only; ImportError says what to install."""
    environment = {**os.environ, "TFXM_PYTHON": sys.executable}
    if not os.path.isdir(os.path.join(_HERE, "_native")):
        return environment  # Built here: it knows.
    for package, remedy in (("tensorflow", "the extra [keras] or [cpu] of tfxm's wheel"), ("ai_edge_litert", "tfxm's wheel again")):
        spec = importlib.util.find_spec(package)  # Does not import it.
        if spec is None or not spec.submodule_search_locations:
            raise ImportError(f"{package} is not installed for {sys.executable}; install {remedy}", name=package)
        folder = next(iter(spec.submodule_search_locations))
        if os.path.dirname(folder) != os.path.dirname(_HERE):  # Else the engine's own RUNPATH finds it.
            paths = [folder, *filter(None, [environment.get("LD_LIBRARY_PATH")])]
            environment["LD_LIBRARY_PATH"] = os.pathsep.join(paths)
    return environment


def child_environment() -> dict[str, str]:
    """That of an engine that this process starts: it ends with this process, however that ends."""
    return {**environment(), "TFXM_PARENT": str(os.getpid())}


def data(name: str) -> str:
    """The path of a file that the build leaves beside the engine. FileNotFoundError if it is nowhere."""
    for _, folder in _folders():
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"{name} is not beside the engine: build it with `make`, or say where the engine is with TFXM_ENGINE")
