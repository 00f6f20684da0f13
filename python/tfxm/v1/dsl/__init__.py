# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl: Pipeline and what it is made of beside components."""

from __future__ import annotations

from tfxm.dsl.artifact import Artifact
from tfxm.dsl.channel import Channel
from tfxm.dsl.conditional import Cond
from tfxm.dsl.pipeline import ExecutionMode, Launcher, Pipeline, RunOptions
from tfxm.dsl.special_nodes import Importer, Resolver
from tfxm.v1.dsl import components, experimental, placeholders

__all__ = ["Artifact", "Channel", "Cond", "ExecutionMode", "Importer", "Launcher", "Pipeline", "Resolver", "RunOptions", "components", "experimental", "placeholders"]
