# SPDX-License-Identifier: Apache-2.0
"""A pipeline in a notebook, one node after the other, on the engine.

    context = InteractiveContext(pipeline_root="runs/notebook")
    example_gen = tfx.components.ImportExampleGen(input_base="data")
    context.run(example_gen)                                  # An ExecutionResult, which the notebook displays.
    example_gen.outputs["examples"].get()[0].uri
    statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"])
    context.run(statistics_gen)
    context.show(statistics_gen.outputs["statistics"])        # Tables.
    tfx.dsl.Pipeline(…, components=[example_gen, …])           # The same nodes, when they are as they should be.
    context.export_to_pipeline("my.ipynb", "my_pipeline.py")   # Or the notebook as a pipeline file.
"""

from __future__ import annotations

import copy
import html
import json
import os
import tempfile
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from tfxm.dsl.artifact import Artifact
from tfxm.dsl.channel import Channel, OutputChannel
from tfxm.dsl.compiler import compile_pipeline
from tfxm.dsl.node import Node
from tfxm.dsl.pipeline import Pipeline, sqlite_metadata_connection_config, store_path
from tfxm.dsl.special_nodes import Resolver
from tfxm.library import artifacts, engine_call, html_tables
from tfxm.orchestration import export_notebook, runner

_NAME = "interactive"


class ExecutionResult:
    """What one run of a component came to; `outputs` are its artifacts by their keys."""

    def __init__(self, component: Node, execution_id: int, cached: bool, outputs: dict[str, list[Artifact]]) -> None:
        self.component = component
        self.component_id = component.id
        self.execution_id = execution_id
        self.cached = cached
        self.outputs = outputs

    def _rows(self) -> list[tuple[str, str, str]]:
        return [(key, artifact.type_name, artifact.uri) for key, made in self.outputs.items() for artifact in made]

    def _repr_html_(self) -> str:
        title = f"<b>{html.escape(self.component_id)}</b>: execution {self.execution_id}{', from the cache' if self.cached else ''}"
        return title + html_tables.table(("output", "type", "uri"), self._rows())

    def __repr__(self) -> str:
        lines = [f"        {key}: {type_name} {uri}" for key, type_name, uri in self._rows()]
        return "\n".join(
            [f"ExecutionResult(\n    component_id: {self.component_id}\n    execution_id: {self.execution_id}\n    outputs:", *lines]
        ) + ")"


class InteractiveContext:
    """Runs components one at a time. What they take is what the components before them have made in this context.

    Without a pipeline_root everything is in a temporary folder, which stays until somebody removes it.
    """

    def __init__(
        self,
        pipeline_name: str | None = None,
        pipeline_root: str | None = None,
        metadata_connection_config: Message | None = None,
        beam_pipeline_args: Sequence[str] | None = None,
    ) -> None:
        self.pipeline_name = pipeline_name or _NAME
        if not pipeline_root:
            pipeline_root = tempfile.mkdtemp(prefix=f"tfxm-{self.pipeline_name}-")
            print(f"tfxm: InteractiveContext without pipeline_root: everything is in {pipeline_root}")
        self.pipeline_root = os.path.abspath(pipeline_root)
        if metadata_connection_config is None:
            os.makedirs(self.pipeline_root, exist_ok=True)
            metadata_connection_config = sqlite_metadata_connection_config(os.path.join(self.pipeline_root, "metadata.sqlite"))
        self.metadata_connection_config = metadata_connection_config
        self.beam_pipeline_args = list(beam_pipeline_args or [])
        export_notebook.register_magic()
        self._run: dict[str, Node] = {}  # By id: the node that was run last.

    def run(
        self, component: Node, enable_cache: bool = True, beam_pipeline_args: Sequence[str] | None = None
    ) -> ExecutionResult:
        """ValueError if a component before it has not been run; RunError if it fails, whose reason is printed."""
        if not isinstance(component, Node):
            raise TypeError(f"run(…): expected a component, got {type(component).__name__}")
        if component.EXECUTOR_FILE is not None and not os.path.isfile(component.EXECUTOR_FILE):
            raise ValueError(
                f"{component.id} is a @component of a cell, which another Python is to run: write it to a file (%%writefile my_components.py) "
                "and import it"
            )
        self._check_upstream(component)
        for channel in component.outputs.values():
            channel.set([])  # Unless it succeeds, there is nothing of this component.
        self._run.pop(component.id, None)
        pipeline = Pipeline(
            pipeline_name=self.pipeline_name, pipeline_root=self.pipeline_root, enable_cache=enable_cache,
            metadata_connection_config=self.metadata_connection_config,
            beam_pipeline_args=list(beam_pipeline_args or self.beam_pipeline_args))  # fmt: skip
        pipeline.components = [*(_made(up) for up in component.upstream_nodes), component]
        with tempfile.TemporaryDirectory(prefix="tfxm-") as folder:
            path = os.path.join(folder, "pipeline_ir.pb")
            runner.say_if_beam_args_have_no_effect(pipeline)
            runner.write_ir(compile_pipeline(pipeline), path)
            status = engine_call.call_aloud(
                "run", ir=path, output=self.pipeline_root, from_nodes=component.id, to_nodes=component.id, cache=enable_cache)  # fmt: skip
        if status != 0:
            raise runner.RunError(self.pipeline_name, status)
        result = self._result(component)
        for key, channel in component.outputs.items():
            channel.set(result.outputs.get(key, []))
        self._run[component.id] = component
        return result

    def show(self, item: Any) -> None:
        """Displays a channel's artifacts, or one artifact, with what is in them; anything else as the notebook does."""
        shown = item.get() if isinstance(item, OutputChannel) else [item] if isinstance(item, Artifact) else None
        if isinstance(item, Channel) and not shown:
            raise ValueError(f"show({item!r}): there is nothing yet: run the component first")
        if shown is None:
            display(item)
            return
        for artifact in shown:
            display(artifacts.Heading(f"{artifact.type_name} at {artifact.uri}"))
            for part, content in artifacts.contents(artifact):
                if part:
                    display(artifacts.Heading(part))
                display(content)

    def export_to_pipeline(self, notebook_filepath: str, export_filepath: str, runner_type: str = "local") -> None:
        """Writes the notebook's cells as a pipeline file, for `tfxm run`: those that do not begin with %%skip_for_export, without
        magics. One of them lists the `components`; _pipeline_name, _pipeline_root and _metadata_path, if a cell has them,
        are the pipeline's, else this context's. `runner_type`: "local" or "beam", which are the same engine."""
        if not self.metadata_connection_config.HasField("sqlite"):
            raise NotImplementedError("export_to_pipeline: a pipeline file is written with an SQLite store; this context's is on a server")
        database = self.metadata_connection_config.sqlite.filename_uri  # type: ignore[attr-defined]
        export_notebook.export(notebook_filepath, export_filepath, runner_type, self.pipeline_name, self.pipeline_root, database)

    def _check_upstream(self, component: Node) -> None:
        for up in component.upstream_nodes:
            last = self._run.get(up.id)
            if last is None:
                raise ValueError(f"{component.id} needs {up.id}, which has not been run: context.run(…) it first")
            if last is not up:
                raise ValueError(
                    f"{component.id} takes from an older {up.id} than the one that was run last: make {component.id} again from the new one"
                )

    def _result(self, component: Node) -> ExecutionResult:
        database = store_path(self.metadata_connection_config)
        last = json.loads(engine_call.call("lineage", [database], last=1, format="json").output)
        executions = [e for e in last["executions"] if e["node"] == component.id]
        if not executions:
            raise RuntimeError(f"{database} has no execution of {component.id}")
        execution = max(executions, key=lambda e: e["id"])
        by_id = {artifact["id"]: artifact for artifact in last["artifacts"]}
        outputs: dict[str, list[Artifact]] = {key: [] for key in component.outputs}
        for event in last["events"]:
            key = event["key"]
            if event["execution"] == execution["id"] and event["type"] in ("OUTPUT", "INTERNAL_OUTPUT") and key in component.outputs:
                outputs[key].append(_artifact(component.outputs[key].type, by_id[event["artifact"]]))
        return ExecutionResult(component, execution["id"], execution["state"] == "CACHED", outputs)


def _artifact(artifact_type: type[Artifact], stored: dict[str, Any]) -> Artifact:
    artifact = artifact_type()
    artifact.id, artifact.uri, artifact.name = stored["id"], stored["uri"], stored["name"]
    artifact.properties.update(stored["properties"])
    artifact.custom_properties.update(stored["custom_properties"])
    return artifact


def _made(node: Node) -> Node:
    """A node that has run, without what it needed: the engine takes what it has put out."""
    made = copy.copy(node)
    made.inputs, made.conditions, made._upstream = {}, (), []
    if isinstance(node, Resolver):  # Which the engine does not take without channels to choose from.
        made.inputs = {
            key: Channel(channel.type, producer_component_id=channel.producer.id) if isinstance(channel, OutputChannel) else channel
            for key, channel in node.inputs.items()
        }
    return made


def display(item: Any) -> None:
    """In a notebook as it displays things, else as text."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(item)
        return
    if get_ipython() is None:
        print(item)
    else:
        display(item)
