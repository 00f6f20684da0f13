# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.components: the nodes of a pipeline, and what their modules get."""

from __future__ import annotations

from typing import Any

from tfxm import components as _components
from tfxm.components import *  # noqa: F401,F403
from tfxm.dsl.parameters import nearest

# What a run_fn and a tuner_fn get and return; imported when it is asked for, because a pipeline file needs none of it.
_OF_MODULES = {"FnArgs": "FnArgs", "DataAccessor": "DataAccessor", "TunerFnResult": "TunerFnResult"}

# What is left out on purpose, and what to do instead: a name like it would mislead.
_INSTEAD = {
    "InfraValidator": "an Evaluator runs the TFLite file itself; a Pusher needs no infra_blessing",
    "ModelValidator": "an Evaluator with thresholds blesses the model, and a Pusher takes its blessing",
    "FileBasedExampleGen": "convert the files to TFRecords, CSV or Parquet",
}


def __getattr__(name: str) -> Any:
    if name in _OF_MODULES:
        from tfxm import runtime

        return getattr(runtime, name)
    if name in _INSTEAD:
        raise AttributeError(f"tfxm has no tfx.components.{name}: {_INSTEAD[name]}")
    near = nearest(name, _components.__all__) or f"; there are {', '.join(_components.__all__)}"
    raise AttributeError(f"tfxm has no tfx.components.{name}{near}")
