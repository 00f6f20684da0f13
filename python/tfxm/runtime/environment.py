# SPDX-License-Identifier: Apache-2.0
"""Which Python, TensorFlow and Keras there are, without importing them."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import platform
import sys

from tfxm.runtime import keras_tuner_backend, sources
from tfxm.runtime.errors import EnvironmentProblem

_TENSORFLOW = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tf-nightly", "tf-nightly-cpu")


def _version(*distributions: str) -> str:
    """Of the first that is installed; "" if none is."""
    for name in distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def check(expected: str) -> None:
    """EnvironmentProblem unless the TensorFlow here is `expected` ("2.21"), as the engine's: they exchange graphs."""
    found = _version(*_TENSORFLOW)
    remedy = f"pip install 'tensorflow=={expected}.*' 'tf-keras=={expected}.*' tensorboard, or say with TFXM_PYTHON=/path/to/python3 which Python has it"
    if not found:
        raise EnvironmentProblem(f"{sys.executable} has no TensorFlow; {remedy}")
    if found.split(".")[:2] != expected.split(".")[:2]:
        raise EnvironmentProblem(
            f"{sys.executable} has TensorFlow {found}, but this tfxm is built with {expected}; "
            f"{remedy}"
        )


def legacy_keras(module_file: str) -> tuple[bool, str]:
    """Whether tf.keras is Keras 2 (tf_keras) for this module, and why."""
    asked = os.environ.get("TF_USE_LEGACY_KERAS")
    if asked is not None:
        return asked.lower() in ("1", "true"), f"TF_USE_LEGACY_KERAS={asked}"
    for path in sources.python_files(module_file):
        for node in ast.walk(sources.parse(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            if any(name.split(".")[0] == "keras" for name in names):
                return False, f"{os.path.basename(path)} imports keras"
    if not _version("tf-keras"):
        return False, "tf_keras is not installed"
    return True, "as TFX's; import keras, or TF_USE_LEGACY_KERAS=0, for Keras 3"


def choose_keras(module_file: str) -> None:
    """Sets TF_USE_LEGACY_KERAS, before TensorFlow is imported, and prints the choice."""
    legacy, why = legacy_keras(module_file)
    os.environ["TF_USE_LEGACY_KERAS"] = "1" if legacy else "0"
    if legacy:
        keras_tuner_backend.install()
    name, version = ("Keras 2 (tf_keras", _version("tf-keras")) if legacy else ("Keras 3 (keras", _version("keras"))
    print(f"tfxm: tf.keras is {name} {version}): {why}", file=sys.stderr, flush=True)


def versions(module_file: str) -> dict[str, str]:
    """What a model depends on beside the user's files."""
    legacy, _ = legacy_keras(module_file)
    real = {"packages of TFX that are the real ones": os.environ["TFXM_REAL"]} if os.environ.get("TFXM_REAL") else {}
    return {
        **real,
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "TensorFlow": _version(*_TENSORFLOW),
        "Keras": "tf_keras " + _version("tf-keras") if legacy else "keras " + _version("keras"),
        "tfxm's Python part": sources.own_hash(),
    }
