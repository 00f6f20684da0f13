# SPDX-License-Identifier: Apache-2.0
"""Plays Kubeflow Pipelines' driver and launcher: runs the containers of a PipelineSpec on this machine, in order.

    outputs = kubeflow.run(spec, root, start)     # start(command) runs one container's command.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


def _check(message: str, value: Json) -> None:
    """That it is of the published message, where that is there: an unknown name is an error."""
    try:
        from kfp.pipeline_spec import pipeline_spec_pb2  # type: ignore[import-not-found,import-untyped]
    except ImportError:
        return
    from google.protobuf import json_format

    json_format.ParseDict(value, getattr(pipeline_spec_pb2, message)())


def _holds(condition: str, inputs: Json) -> bool:
    """CEL as tfxm writes it, which is Python but for its signs of and, or and not."""
    text = re.sub(r"!(?=\()", " not ", condition.replace("&&", "and").replace("||", "or"))

    class Artifact:
        def __init__(self, artifact: Json) -> None:
            self.uri, self.metadata = artifact["uri"], artifact["metadata"]

    class List:
        def __init__(self, artifacts: list[Json]) -> None:
            self.artifacts = [Artifact(a) for a in artifacts]

    class Inputs:
        artifacts = {key: List(value["artifacts"]) for key, value in inputs["artifacts"].items()}

    return bool(eval(text, {"__builtins__": {}}, {"inputs": Inputs}))  # noqa: S307


def _order(tasks: Json) -> list[str]:
    done: list[str] = []
    while len(done) < len(tasks):
        ready = [name for name in sorted(tasks) if name not in done and all(up in done for up in tasks[name].get("dependentTasks", []))]
        assert ready, f"a cycle among {sorted(set(tasks) - set(done))}"
        done += ready
    return done


def run(spec: Json, root: str, start: Callable[[list[str]], None], parameters: Json | None = None) -> dict[str, Json]:
    """The artifacts that each task has put out, by keys; None for one whose condition did not hold."""
    tasks = spec["root"]["dag"]["tasks"]
    of_pipeline = {name: value.get("defaultValue") for name, value in spec["root"].get("inputDefinitions", {}).get("parameters", {}).items()}
    of_pipeline.update(parameters or {})
    made: dict[str, Any] = {}
    for name in _order(tasks):
        task = tasks[name]
        component = spec["components"][task["componentRef"]["name"]]
        container = spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]
        inputs: Json = {"artifacts": {}, "parameterValues": {}}
        for key, source in task.get("inputs", {}).get("artifacts", {}).items():
            producer = source["taskOutputArtifact"]
            inputs["artifacts"][key] = {"artifacts": [made[producer["producerTask"]][producer["outputArtifactKey"]]]}
        for key, source in task.get("inputs", {}).get("parameters", {}).items():
            constant = source.get("runtimeValue", {}).get("constant")
            inputs["parameterValues"][key] = of_pipeline[source["componentInputParameter"]] if "componentInputParameter" in source else constant
        condition = task.get("triggerPolicy", {}).get("condition")
        if condition and not _holds(condition, inputs):
            made[name] = None
            continue
        outputs: Json = {"artifacts": {}, "outputFile": os.path.join(root, name, "executor_output.json")}
        for key, definition in component.get("outputDefinitions", {}).get("artifacts", {}).items():
            artifact = {"name": f"projects/{name}/{key}", "type": definition["artifactType"], "uri": "file://" + os.path.join(root, name, key)}
            outputs["artifacts"][key] = {"artifacts": [{**artifact, "metadata": definition.get("metadata", {})}]}
        _check("ExecutorInput", {"inputs": inputs, "outputs": outputs})
        executor_input = json.dumps({"inputs": inputs, "outputs": outputs})
        start([word.replace("{{$}}", executor_input) for word in container["command"] + container["args"]])
        with open(outputs["outputFile"], encoding="utf-8") as f:
            written = json.load(f)
        _check("ExecutorOutput", written)
        made[name] = {}
        for key, value in outputs["artifacts"].items():
            of_executor = written["artifacts"].get(key, {"artifacts": [{}]})["artifacts"][0]
            made[name][key] = {**value["artifacts"][0], **of_executor}
    return made
