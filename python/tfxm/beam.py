# SPDX-License-Identifier: Apache-2.0
"""A pass of tfxm on any runner of Apache Beam.

    import apache_beam as beam
    from tfxm.beam import RunPass

    with beam.Pipeline(options=options) as pipeline:      # DirectRunner, Flink, Spark, Dataflow, …
        pipeline | RunPass({"files": ["/data/Split-train/*"], "statistics": {}}, "/shared/FeatureStats.pb", work_dir="/shared/work")

Beam's workers start the engine, one process for each shard; data and parts go through files that all of them see, not
through Beam. The result has the bytes that one process makes.
"""

from __future__ import annotations

from typing import Any, Optional

import apache_beam as beam

from tfxm import passes


class RunPass(beam.PTransform):
    """At the root of a pipeline. Gives one element: the path of the result."""

    def __init__(self, request: passes.Request, output: str, *, work_dir: str, engine: Optional[str] = None) -> None:
        """`engine`: the program tfxm on the workers; without it, the one that goes with the package there."""
        super().__init__()
        self._plan = passes.plan(request, work_dir, engine)  # Here, so that what is wrong is said before anything runs.
        self._output = output

    def expand(self, input_or_inputs: Any) -> Any:
        plan, output = self._plan, self._output
        parts = (
            input_or_inputs
            | "Shards" >> beam.Create(range(plan.num_shards))
            | "Spread" >> beam.Reshuffle()
            | "Map" >> beam.Map(lambda shard: passes.map_shard(plan, shard))
        )
        return (
            input_or_inputs
            | "Once" >> beam.Create([None])
            | "Reduce" >> beam.Map(lambda _, of_all: passes.reduce(plan, of_all, output), of_all=beam.pvalue.AsList(parts))
        )
