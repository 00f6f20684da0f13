# SPDX-License-Identifier: Apache-2.0
"""Files written for TFX run as they are: `import tfx` (and its family) finds this folder's `packages/`.

    from tfxm import compat

    compat.install(beside=["/home/me/mnist"])  # From here on `import tensorflow_transform` is ours,
    import tensorflow_transform as tft         # whether or not the real one is installed,
    compat.uninstall()                         # until here.

    compat.install(real=["tft"])               # The real TFT, if it is installed.

Below `packages/` lie ordinary module files, each under the name that it is imported by. Nothing there is on sys.path:
who does not call `install` never sees it, and an installed TFX is never shadowed for others.
"""

from __future__ import annotations

import difflib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence
from types import ModuleType

PACKAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "packages")

# What is served, and what people call it.
SHORT_NAMES = {
    "tft": "tensorflow_transform",
    "tfma": "tensorflow_model_analysis",
    "tfdv": "tensorflow_data_validation",
    "mlmd": "ml_metadata",
}
NAMES = ("tfx", "tfx_bsl", *SHORT_NAMES.values())
_WHERE_MISSING = ("tensorflow_metadata",)  # Ours and the real one are the same messages.

# Files of the user's that TFX has as modules of its own.
_OF_TFX = ("tfx.examples", "tfx.experimental.templates")

# What is left out on purpose, and what to do instead.
INSTEAD = {
    "tensorflow_transform.beam": "the engine makes the passes, there is no Beam; outside a pipeline `tfxm transform` does what Transform does",
    "tensorflow_model_analysis.addons": "what is drawn of an evaluation is its report.html",
    "tfx.components.experimental": "ExampleGens make tf.Examples, no other payloads",
    "tfx.dsl.component.experimental.container_component": "a component is a function (@component) or a class; a function may start a container itself",
    "tfx.extensions": "training, pushing and BigQuery on Google Cloud are not tfxm's; Trainer and Pusher run here",
    "tfx.orchestration.airflow": "LocalDagRunner runs the pipeline; a task of Airflow may call `tfxm run FILE.py`",
    "tfx.v1.extensions": "training, pushing and BigQuery on Google Cloud are not tfxm's; Trainer and Pusher run here",
}


class Finder(importlib.abc.MetaPathFinder):
    """Finds the packages of NAMES in PACKAGES, but for those in `real`; their submodules are found as any package's.

    `tfx.examples.A.B` is B.py, or A/B.py, in one of the folders `beside`, or B.py in A where that is above one of them:
    TFX's examples import each other that way, and so do its templates, `tfx.experimental.templates.A.B`.
    `PACKAGE.x_pb2` is made of the descriptors of PACKAGE/x.proto.
    """

    def __init__(self, real: Iterable[str], beside: Sequence[str]) -> None:
        self.served = {name for name in NAMES if name not in set(real)}
        self.served.update(n for n in _WHERE_MISSING if importlib.machinery.PathFinder.find_spec(n) is None)
        self.beside = list(beside)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in self.served:
            return importlib.machinery.PathFinder.find_spec(fullname, [PACKAGES])
        if fullname.split(".")[0] not in self.served:
            return None
        if fullname in INSTEAD:
            raise ModuleNotFoundError(f"tfxm has no {fullname}: {INSTEAD[fullname]}", name=fullname)
        for package in _OF_TFX:
            if fullname == package or fullname.startswith(package + "."):
                return self._find_example(fullname, fullname.split(".")[package.count(".") + 1 :])
            if package.startswith(fullname + "."):
                return importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        if fullname.endswith("_pb2"):
            return importlib.machinery.ModuleSpec(fullname, _MessagesLoader(), origin="descriptors.pb")
        return None

    def _find_example(self, fullname: str, parts: list[str]) -> importlib.machinery.ModuleSpec | None:
        for folder in self.beside:
            above = _folders_above(folder)
            for start in range(len(parts)):
                *folders, name = parts[start:]
                places = [folder, above[parts[start - 1]]] if start > 0 and parts[start - 1] in above else [folder]
                spec = importlib.machinery.PathFinder.find_spec(name, [os.path.join(place, *folders) for place in places])
                if spec is not None and spec.has_location and spec.origin is not None:
                    return importlib.util.spec_from_file_location(
                        fullname, spec.origin, submodule_search_locations=spec.submodule_search_locations
                    )
        # tfx.examples itself, an example's folder, or one that the file lies in.
        if len(parts) <= 1 or any(parts[-1] in _folders_above(folder) for folder in self.beside):
            return importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        return None


def _folders_above(folder: str) -> dict[str, str]:
    """By their names, the nearest first."""
    above: dict[str, str] = {}
    path = os.path.abspath(folder)
    while os.path.basename(path):
        above.setdefault(os.path.basename(path), path)
        path = os.path.dirname(path)
    return above


class _MessagesLoader(importlib.abc.Loader):
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        from tfxm import protos

        return protos.load(spec.name.removesuffix("_pb2").replace(".", "/") + ".proto")

    def exec_module(self, module: ModuleType) -> None:
        pass


_finder: Finder | None = None


def install(real: Iterable[str] = (), beside: Sequence[str] = ()) -> None:
    """Serves NAMES until `uninstall`. A second call replaces the first.

    `real`: of which packages the real one is taken ("tft" or "tensorflow_transform"); ImportError if it is not
    installed, ValueError if the name is none of NAMES. `beside`: the folders of the user's files.
    """
    global _finder
    names = [SHORT_NAMES.get(name, name) for name in real]
    for name in names:
        if name not in NAMES:
            raise ValueError(f"--real={name}: expected {', '.join((*NAMES, *SHORT_NAMES))}")
        if importlib.machinery.PathFinder.find_spec(name) is None:
            raise ImportError(f"--real={name}: it is not installed for {sys.executable}", name=name)
    uninstall()
    _finder = Finder(names, beside)
    sys.meta_path.insert(0, _finder)
    try:
        # The guide's pipeline says `import absl` and then `absl.logging`: with TFX somebody else has imported it.
        import absl.logging  # noqa: F401
    except ImportError:
        pass


def uninstall() -> None:
    """Forgets what was served; a later `import tfx` is the real one again."""
    global _finder
    if _finder is None:
        return
    sys.meta_path.remove(_finder)
    for name in [n for n in sys.modules if n.split(".")[0] in _finder.served]:
        del sys.modules[name]
    _finder = None


def missing(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """For a served module's `__getattr__`: says that `module.name` is not there, and what is near it.

    def __getattr__(name: str):
        raise compat.missing(__name__, name, globals())
    """
    if name.startswith("__"):  # Python itself looks for these.
        return AttributeError(name)
    near = difflib.get_close_matches(name, [k for k in known if not k.startswith("_")], n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return AttributeError(f"tfxm has no {module}.{name}{hint}")
