# SPDX-License-Identifier: Apache-2.0
"""Runs a pipeline on the engine: it is compiled to TFX's IR, which `tfxm run --ir=FILE` runs.

    LocalDagRunner().run(pipeline)   # Returns when every node is done; RunError if one failed.

Under `tfxm run FILE.py` the engine takes this process's place instead, so `run` does not return.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import NoReturn

from google.protobuf.message import Message

from tfxm import native
from tfxm.dsl.compiler import compile_pipeline
from tfxm.dsl.parameters import go_through_beam, nearest, without_effect
from tfxm.dsl.pipeline import Pipeline, RunOptions


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
compiled = False  # A file has written a pipeline for others to run (kubeflow.py): there is none to run here.
command_line: CommandLine | None = None  # Set by run_pipeline.py: this process ends with the run.


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
        partial = options.flags() if options is not None else []
        ir = compile_pipeline(pipeline)
        say_if_beam_args_have_no_effect(pipeline)
        launcher = _launcher_flags(pipeline)
        if command_line is not None:
            command_line.engine.extend(launcher)
            if not any(flag.startswith(("--from_nodes", "--to_nodes")) for flag in command_line.engine):  # They count.
                command_line.engine.extend(partial)
            _become_engine(ir, pipeline.pipeline_name, command_line)
        with tempfile.TemporaryDirectory(prefix="tfxm-") as folder:
            path = os.path.join(folder, "pipeline_ir.pb")
            write_ir(ir, path)
            sys.stdout.flush()
            status = _wait(subprocess.Popen([native.program(), "run", f"--ir={path}", *partial, *launcher], env=native.environment()))
        if status == 130:
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


def _wait(process: subprocess.Popen[bytes]) -> int:
    """The exit status. Ctrl-C is the engine's: it has got it as well, and ends in order."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass


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


def _become_engine(ir: Message, pipeline_name: str, flags: CommandLine) -> NoReturn:
    known = runtime_parameters(ir)
    values = []
    for flag in flags.others:
        if flag.startswith("--") and flag[2:].split("=")[0] in known:
            values.append(flag)
        elif not flags.file_reads_flags:
            raise UnknownFlag(f"unknown flag {flag}{nearest(flag.split('=')[0], flags.known + ['--' + k for k in sorted(known)])}")
    # In memory, for the engine alone: this process is no more when the run ends, so nobody could remove a file.
    descriptor = os.memfd_create(f"{pipeline_name}_ir", 0)
    with open(descriptor, "wb", closefd=False) as f:
        f.write(ir.SerializeToString(deterministic=True))
    os.set_inheritable(descriptor, True)
    sys.stdout.flush()
    sys.stderr.flush()
    program = native.program()
    # Behind "--", a --help is that of the pipeline and not of `tfxm run`.
    own = ["--"] if "--help" in flags.engine else []
    os.execve(program, [program, "run", f"--ir=/proc/self/fd/{descriptor}", *own, *flags.engine, *values], native.environment())
