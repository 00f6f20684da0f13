# SPDX-License-Identifier: Apache-2.0
"""TFX's v1 surface, as far as the engine goes.

    from tfxm import v1 as tfx

    example_gen = tfx.components.ImportExampleGen(input_base="data")
    tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(pipeline_name="mnist", …, components=[example_gen]))
"""

from tfxm.v1 import components, dsl, orchestration, proto, types

__all__ = ["components", "dsl", "orchestration", "proto", "types"]
