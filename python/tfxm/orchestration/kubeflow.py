# SPDX-License-Identifier: Apache-2.0
"""Writes a pipeline for Kubeflow Pipelines v2, whose containers run the engine: `tfxm kfp-executor`.

    config = KubeflowV2DagRunnerConfig(default_image="registry.example.com/me/tfxm:1")
    KubeflowV2DagRunner(config, output_filename="pipeline.yaml").run(pipeline)

A file that ends in .json has a PipelineJob, as TFX writes for Vertex AI; any other a PipelineSpec, which Kubeflow's page
and `kfp run create` take. JSON is YAML.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from tfxm import native
from tfxm.dsl.compiler import compile_pipeline
from tfxm.dsl.parameters import checked, without_effect
from tfxm.dsl.pipeline import Pipeline, sqlite_metadata_connection_config
from tfxm.orchestration import runner

DEFAULT_IMAGE_PATH_KEY = "DEFAULT_IMAGE_PATH_KEY"  # In default_image, if that is a dict by component ids.


class KubeflowV2DagRunnerConfig:
    """What the containers are made of. `default_image`: one with tfxm and the modules in it, or a dict of them by the
    components' ids. `default_commands`: what is called in place of `tfxm kfp-executor`, with its arguments."""

    @checked
    def __init__(
        self,
        display_name: str | None = None,
        default_image: str | MutableMapping[str, str] | None = None,
        default_commands: Sequence[str] | None = None,
        use_pipeline_spec_2_1: bool = True,
        supported_launcher_classes: object | None = None,
        default_component_configs: object | None = None,
        component_config_overrides: object | None = None,
    ) -> None:
        if supported_launcher_classes or default_component_configs or component_config_overrides:
            without_effect("KubeflowV2DagRunnerConfig(supported_launcher_classes=…, …_component_config…=…)", "Kubeflow starts the containers")
        self.display_name = display_name
        self.default_image = default_image
        self.default_commands = list(default_commands) if default_commands else None
        self.use_pipeline_spec_2_1 = use_pipeline_spec_2_1  # It always is of that schema.

    def image(self, node_id: str) -> str | None:
        if isinstance(self.default_image, Mapping):
            return self.default_image.get(node_id, self.default_image.get(DEFAULT_IMAGE_PATH_KEY))
        return self.default_image


class KubeflowV2DagRunner:
    """Writes; what runs the pipeline is Kubeflow."""

    @checked
    def __init__(self, config: KubeflowV2DagRunnerConfig, output_dir: str | None = None, output_filename: str | None = None) -> None:
        if not isinstance(config, KubeflowV2DagRunnerConfig):
            raise TypeError(f"KubeflowV2DagRunner: config: expected a KubeflowV2DagRunnerConfig, got {type(config).__name__}")
        self._config = config
        self._output_dir = output_dir or os.getcwd()
        self._output_filename = output_filename or "pipeline.json"

    def set_exit_handler(self, exit_handler: object) -> None:
        raise NotImplementedError("KubeflowV2DagRunner.set_exit_handler: tfxm writes no exit handlers")

    def run(self, pipeline: Pipeline, parameter_values: Mapping[str, Any] | None = None, write_out: bool | None = True) -> dict[str, Any]:
        """The PipelineJob, as a dict. ValueError if the pipeline has something that Kubeflow cannot run."""
        if runner.only_defined:
            return {}
        spec = pipeline_spec(pipeline, self._config)
        path = os.path.join(self._output_dir, self._output_filename)
        job = pipeline_job(spec, self._config.display_name or pipeline.pipeline_name, pipeline.pipeline_root, parameter_values or {})
        if runner.command_line is not None and "--print_ir=kfp" in runner.command_line.engine:
            print(json.dumps(spec, sort_keys=True, indent=1))
        elif write_out:
            if os.path.exists(self._output_dir) and not os.path.isdir(self._output_dir):
                raise RuntimeError(f"KubeflowV2DagRunner: output_dir {self._output_dir} is a file; expected a folder")
            os.makedirs(self._output_dir, exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                json.dump(job if path.endswith(".json") else spec, f, sort_keys=True, indent=None if path.endswith(".json") else 1)
                f.write("\n")
        runner.pipelines.append(pipeline.pipeline_name)
        return job


class KubeflowDagRunnerConfig:
    """TFX's for Kubeflow Pipelines v1; `tfx_image` is the image."""

    @checked
    def __init__(
        self,
        pipeline_operator_funcs: object | None = None,
        tfx_image: str | None = None,
        kubeflow_metadata_config: object | None = None,
        supported_launcher_classes: object | None = None,
        metadata_ui_path: str | None = None,
        default_component_configs: object | None = None,
        component_config_overrides: object | None = None,
    ) -> None:
        if pipeline_operator_funcs or kubeflow_metadata_config or supported_launcher_classes or metadata_ui_path:
            without_effect("KubeflowDagRunnerConfig(…) but tfx_image", "tfxm writes pipelines for Kubeflow Pipelines v2")
        self.tfx_image = tfx_image


class KubeflowDagRunner:
    """The same as KubeflowV2DagRunner, with the parameters of TFX's runner for Kubeflow Pipelines v1."""

    @checked
    def __init__(
        self,
        output_dir: str | None = None,
        output_filename: str | None = None,
        config: KubeflowDagRunnerConfig | None = None,
        pod_labels_to_attach: object | None = None,
    ) -> None:
        if pod_labels_to_attach:
            without_effect("KubeflowDagRunner(pod_labels_to_attach=…)", "a pipeline of Kubeflow Pipelines v2 has no labels of pods")
        self._config = config or KubeflowDagRunnerConfig()
        self._output_dir, self._output_filename = output_dir, output_filename

    def run(self, pipeline: Pipeline) -> None:
        """Writes PIPELINE.yaml, unless it was given another name. TFX's default, an archive of it, is not written."""
        name = self._output_filename or f"{pipeline.pipeline_name}.yaml"
        if not name.endswith((".yaml", ".yml")):
            raise ValueError(f"KubeflowDagRunner: output_filename is {name}; tfxm writes .yaml")
        KubeflowV2DagRunner(KubeflowV2DagRunnerConfig(default_image=self._config.tfx_image), self._output_dir, name).run(pipeline)


def get_default_kubeflow_metadata_config() -> None:
    """Kubeflow knows its own store."""


def pipeline_spec(pipeline: Pipeline, config: KubeflowV2DagRunnerConfig) -> dict[str, Any]:
    """The engine's, with the config's images and commands."""
    pipeline = copy.copy(pipeline)
    if pipeline.metadata_connection_config is None:  # The engine asks for one; Kubeflow has a store of its own.
        pipeline.metadata_connection_config = sqlite_metadata_connection_config("metadata.sqlite")
    pipeline.pipeline_root = pipeline.pipeline_root or "pipeline_root"
    ir = compile_pipeline(pipeline)
    known = runner.runtime_parameters(ir)
    given = runner.command_line.others if runner.command_line else []
    flags = [flag for flag in given if flag.lstrip("-").split("=")[0] in known]
    with tempfile.TemporaryDirectory(prefix="tfxm-") as folder:
        path = os.path.join(folder, "pipeline_ir.pb")
        runner.write_ir(ir, path)
        done = subprocess.run(
            [native.program(), "run", f"--ir={path}", "--print_ir=kfp", *flags], env=native.environment(), capture_output=True, text=True)  # fmt: skip
    if done.returncode != 0:
        raise ValueError(f"pipeline {pipeline.pipeline_name} cannot be run by Kubeflow: {done.stderr.strip()}")
    spec: dict[str, Any] = json.loads(done.stdout)
    for executor in spec["deploymentSpec"]["executors"].values():
        if (container := executor.get("container")) is None:
            continue
        node_id = next(argument.split("=", 1)[1] for argument in container["args"] if argument.startswith("--node_id="))
        container["image"] = config.image(node_id) or container["image"]
        if config.default_commands:
            container["command"] = list(config.default_commands)
    return spec


def pipeline_job(spec: dict[str, Any], display_name: str, pipeline_root: str, parameter_values: Mapping[str, Any]) -> dict[str, Any]:
    """As TFX's, a ml_pipelines.PipelineJob."""
    runtime: dict[str, Any] = {"gcsOutputDirectory": pipeline_root} if pipeline_root else {}
    if parameter_values:
        runtime["parameterValues"] = dict(parameter_values)
    return {"displayName": display_name, "pipelineSpec": spec, "runtimeConfig": runtime}
