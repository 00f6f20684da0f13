# SPDX-License-Identifier: Apache-2.0
"""A pass over tf.Examples in the pieces that many processes do: what `tfxm.beam` and `tfxm.ray` are made of.

    plan = passes.plan({"files": ["examples/Split-train/*"], "statistics": {}}, "/shared/work")
    parts = [passes.map_shard(plan, shard) for shard in range(plan.num_shards)]    # each anywhere, any number of times
    passes.reduce(plan, parts, "FeatureStats.pb")

A request is a tfxm.distribution.PassRequest (tfxm/proto/pass.proto), as a dict with that message's names or the path of
a file of it. The work folder must be one that all processes see under the same name.
"""

from __future__ import annotations

import dataclasses
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Optional, Union

from tfxm import native
from tfxm.library import engine_call

Request = Union[str, Mapping[str, Any]]


class PassError(RuntimeError):
    """What the engine says is wrong."""


@dataclasses.dataclass(frozen=True)
class Plan:
    path: str  # Of the planned request.
    num_shards: int
    engine: Optional[str] = None  # The program tfxm where the work is done; None: the one that goes with this package there.


def plan(request: Request, work_dir: str, engine: Optional[str] = None) -> Plan:
    """Finds the shards. Relative paths of the request are relative to this process's folder, wherever the work is done."""
    work_dir = os.path.abspath(work_dir)
    os.makedirs(work_dir, exist_ok=True)
    # A name of its own, so that two passes can share a folder.
    stem = os.path.join(work_dir, f"pass-{uuid.uuid4().hex}")
    if isinstance(request, str):
        source = os.path.abspath(request)
    else:
        source = f"{stem}-request.json"
        with open(source, "w", encoding="utf-8") as file:
            json.dump({"working_directory": os.getcwd(), **request}, file)
    path = f"{stem}-plan.json"
    _run(engine, "plan", source, f"--output={path}")
    with open(path, encoding="utf-8") as file:
        planned = json.load(file)
    return Plan(path, len(planned.get("shards", [])), engine)


def map_shard(plan: Plan, shard: int) -> str:
    """Does one shard; the path of its part, which is whole or not there."""
    part = f"{plan.path}.part-{shard}"
    _run(plan.engine, "map", plan.path, f"--shard={shard}", f"--output={part}")
    return part


def reduce(plan: Plan, parts: Iterable[str], output: str) -> str:
    """Puts the parts of all shards, in any order, together into `output`, which it returns; the parts are removed."""
    parts = list(parts)
    _run(plan.engine, "reduce", plan.path, *parts, f"--output={os.path.abspath(output)}")
    for part in parts:
        os.unlink(part)
    return output


def _run(engine: Optional[str], *arguments: str) -> None:
    status, _, said = engine_call.run([engine or native.program(), "pass", *arguments], native.environment())
    if status != 0:
        raise PassError(f"tfxm pass {arguments[0]} ended with status {status}: {said.strip().removeprefix('tfxm: ')}")
