# SPDX-License-Identifier: Apache-2.0
"""Runs a pipeline on the engine: it is compiled to TFX's IR, which `tfxm run --ir=FILE` runs.

    LocalDagRunner().run(pipeline)   # Returns when every node is done; RunError if one failed.

Under `tfxm run FILE.py` the engine has the flags of the command line as well; where they ask for --help or --print_ir, FILE.py ends
with its first `run`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

from google.protobuf.message import Message

from tfxm import native
from tfxm.dsl.compiler import compile_pipeline
from tfxm.dsl.parameters import go_through_beam, nearest, without_effect
from tfxm.dsl.pipeline import Pipeline, RunOptions
from tfxm.orchestration import foreground

_INTERRUPTED = 130  # util/exit_status.h
_ONLY_SHOWN = ("--help", "--print_ir")


class RunError(RuntimeError):
    """The engine ended with a status that is not 0; it has said why."""

    def __init__(self, pipeline_name: str, status: int) -> None:
        super().__init__(f"pipeline {pipeline_name}: the engine ended with status {status}; see its messages above")
        self.status = status


class UnknownFlag(ValueError):
    """Of `tfxm run FILE.py`."""


@dataclasses.dataclass(frozen=True)
class CommandLine:
    """Of `tfxm run FILE.py`: the flags of the engine, and the others, among them those for RuntimeParameters."""

    engine: list[str]
    others: list[str]
    known: list[str] = dataclasses.field(default_factory=list)  # The engine's names, for who mistypes one.
    file_reads_flags: bool = True  # Else one that is not of a RuntimeParameter is a mistake.


only_defined = False  # Set where a pipeline's file is loaded for a @component in it: nothing is run.
pipelines: list[str] = []  # Those that were run, or written for others to run (kubeflow.py).
command_line: CommandLine | None = None  # Set by run_pipeline.py.


class LocalDagRunner:
    """Runs pipelines on this machine."""

    def __init__(self, config: object | None = None, beam_orchestrator_args: Sequence[str] | None = None) -> None:
        if config is not None or beam_orchestrator_args:
            without_effect(f"{type(self).__name__}(…)", "the engine runs the nodes in processes of this machine")

    def run(self, pipeline: Pipeline, run_options: object | None = None) -> None:
        """`run_options`: a RunOptions, or TFX's message of that name; else the pipeline's."""
        if only_defined:
            return
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"run(…): expected a Pipeline, got {type(pipeline).__name__}")
        options = _run_options(run_options) if run_options is not None else pipeline.run_options
        ir = compile_pipeline(pipeline)
        say_if_beam_args_have_no_effect(pipeline)
        flags = _launcher_flags(pipeline)
        given = _flags_of_command_line(ir, pipeline.pipeline_name)
        if options is not None and not any(flag.startswith(("--from_nodes", "--to_nodes")) for flag in given):  # They count.
            flags += options.flags()
        # In memory, so that nothing is left behind, however this process ends.
        with open(os.memfd_create(f"{pipeline.pipeline_name}_ir", 0), "wb") as f:
            f.write(ir.SerializeToString(deterministic=True))
            f.flush()
            status = foreground.run([native.program(), "run", f"--ir=/proc/self/fd/{f.fileno()}", *given, *flags], files=[f.fileno()])
        pipelines.append(pipeline.pipeline_name)
        if any(flag.startswith(_ONLY_SHOWN) for flag in given):
            raise SystemExit(status)  # What follows counts on a pipeline that has run.
        if status == _INTERRUPTED:
            raise KeyboardInterrupt
        if status != 0:
            raise RunError(pipeline.pipeline_name, status)


def say_if_beam_args_have_no_effect(pipeline: Pipeline) -> None:
    """They are for a launcher that is Beam, or make one of it if they name another runner than DirectRunner."""
    given = [flag.partition("=")[2] for flag in (command_line.engine if command_line is not None else []) if flag.startswith("--launcher=")]
    launcher = (given or [os.environ.get("TFXM_LAUNCHER") or (pipeline.launcher.launcher if pipeline.launcher is not None else "")])[-1]
    if pipeline.beam_pipeline_args and launcher != "beam" and (launcher or not go_through_beam(pipeline.beam_pipeline_args)):
        without_effect("Pipeline(beam_pipeline_args=…)", "the engine uses all cores of this machine, without Beam; --launcher=beam takes Beam")


def _launcher_flags(pipeline: Pipeline) -> list[str]:
    """The engine's, of the pipeline's launcher; what the command line or $TFXM_LAUNCHER says comes first."""
    given = {flag[2:].split("=")[0] for flag in (command_line.engine if command_line is not None else [])}
    if pipeline.launcher is None or "launcher" in given or os.environ.get("TFXM_LAUNCHER"):
        return []
    return [f"--{name}={value}" for name, value in pipeline.launcher.flags().items() if name not in given]


def _run_options(options: object) -> RunOptions:
    if isinstance(options, RunOptions):
        return options
    if isinstance(options, Message) and options.DESCRIPTOR.full_name == "tfx.orchestration.RunOptions":
        partial = options.partial_run  # type: ignore[attr-defined]
        return RunOptions(from_nodes=list(partial.from_nodes), to_nodes=list(partial.to_nodes))
    raise TypeError(f"run(run_options=…): expected a RunOptions, got {type(options).__name__}")


class BeamDagRunner(LocalDagRunner):
    """The same: TFX's runner of this name ran the guide's pipeline, on Beam."""


def write_ir(ir: Message, path: str) -> None:
    with open(path, "wb") as f:
        f.write(ir.SerializeToString(deterministic=True))


def runtime_parameters(ir: Message) -> set[str]:
    """The names of the values that a run may be given."""
    names = {ir.runtime_spec.pipeline_root.runtime_parameter.name}  # type: ignore[attr-defined]
    for node in ir.nodes:  # type: ignore[attr-defined]
        for value in node.pipeline_node.parameters.parameters.values():
            if value.HasField("runtime_parameter"):
                names.add(value.runtime_parameter.name)
    return names


def _flags_of_command_line(ir: Message, pipeline_name: str) -> list[str]:
    """The engine's own, and those of the pipeline's RuntimeParameters."""
    if command_line is None:
        return []
    known = runtime_parameters(ir)
    values = []
    for flag in command_line.others:
        if flag.startswith("--") and flag[2:].split("=")[0] in known:
            values.append(flag)
        elif not command_line.file_reads_flags:
            raise UnknownFlag(f"unknown flag {flag}{nearest(flag.split('=')[0], command_line.known + ['--' + k for k in sorted(known)])}")
    own = list(command_line.engine)
    if pipelines and pipeline_name not in pipelines:  # Or its report would take the place of the one before.
        own = [f"{flag}/{pipeline_name}" if flag.startswith("--output=") else flag for flag in own]
    # Behind "--", a --help is that of the pipeline and not of `tfxm run`.
    return [*(["--"] if "--help" in own else []), *own, *values]
