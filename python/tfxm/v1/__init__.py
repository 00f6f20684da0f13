# SPDX-License-Identifier: Apache-2.0
"""TFX's v1 surface, as far as the engine goes.

    from tfxm import v1 as tfx

    example_gen = tfx.components.ImportExampleGen(input_base="data")
    tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(pipeline_name="mnist", …, components=[example_gen]))
"""

from typing import Any

from tfxm.compat import INSTEAD
from tfxm.dsl.parameters import nearest
from tfxm.v1 import components, dsl, orchestration, proto, types, utils

__all__ = ["components", "dsl", "orchestration", "proto", "types", "utils"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):  # Python itself looks for these.
        raise AttributeError(name)
    if f"tfx.{name}" in INSTEAD:
        raise AttributeError(f"tfxm has no tfx.{name}: {INSTEAD[f'tfx.{name}']}")
    raise AttributeError(f"tfxm has no tfx.{name}{nearest(name, __all__)}")
