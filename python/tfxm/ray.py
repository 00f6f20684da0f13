# SPDX-License-Identifier: Apache-2.0
"""A pass of tfxm on a Ray cluster.

    import ray
    from tfxm.ray import run_pass

    ray.init(address="auto")
    run_pass({"files": ["/data/Split-train/*"], "statistics": {}}, "/shared/FeatureStats.pb", work_dir="/shared/work")

Each shard is a task that starts the engine; Ray runs a task again whose node is gone. Data and parts go through files
that all nodes see. The result has the bytes that one process makes.
"""

from __future__ import annotations

from typing import Optional

import ray

from tfxm import passes


def run_pass(
    request: passes.Request,
    output: str,
    *,
    work_dir: str,
    engine: Optional[str] = None,
    num_cpus: float = 1,
    max_retries: int = 3,
) -> str:
    """Returns `output`. `num_cpus`: of each task; the engine then uses as many threads, unless TFXM_NUM_THREADS says so."""
    plan = passes.plan(request, work_dir, engine)
    threads = {"TFXM_NUM_THREADS": str(max(1, int(num_cpus)))}
    task = ray.remote(num_cpus=num_cpus, max_retries=max_retries, runtime_env={"env_vars": threads})(passes.map_shard)
    return passes.reduce(plan, ray.get([task.remote(plan, shard) for shard in range(plan.num_shards)]), output)
