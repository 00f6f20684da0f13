# SPDX-License-Identifier: Apache-2.0
"""Runs a pipeline file that is written in Python: `tfxm run FILE.py [flags]`, which starts this file by its path.

    python tfxm/run_pipeline.py FILE.py --nocache --steps=100

While FILE.py runs, `tfx` and its family are tfxm's (compat/). What its runner is given becomes TFX's IR, which the engine
runs; then FILE.py goes on, or ends with the engine's exit status if nodes have failed. The engine gets its own flags and those named as a RuntimeParameter of the pipeline; all
flags but the engine's own are FILE.py's sys.argv, and --output is if FILE.py has a flag of that name. --help shows what
FILE.py makes of it, then the engine's.
"""

from __future__ import annotations

import os
import sys
import traceback

if __name__ == "__main__":
    # Run by path, so Python has put this folder first: no module of it is to be taken for another of the same name.
    _here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.dirname(_here)] + [p for p in sys.path if p not in ("", _here)]

import contextlib
import io
import re
import runpy

USAGE_ERROR, FAILED = 2, 3  # util/exit_status.h

# Of RunPipelineMain, beside those of the pipeline.
ENGINE_FLAGS = (
    "allow_empty_splits", "cache", "explain_cache", "fail_unless_blessed", "from_nodes", "help", "hosts", "kfp_image", "launcher", "max_parallel_nodes", "output", "print_ir",
    "shard_timeout", "to_nodes", "work_dir", "workers",
)  # fmt: skip
# What a file that reads flags has in it.
_READS_FLAGS = re.compile(r"\bargv\b|\bargparse\b|\bflags\b|\bapp\.run\b|\bclick\b|\btyper\b|\bfire\b")
# An --output of the file's own, as argparse, absl and click declare it.
_HAS_OUTPUT = re.compile(r"""["'](--)?output["']""")
# Flags that take a value, which may be the next argument.
WITH_VALUE = ("from_nodes", "hosts", "kfp_image", "launcher", "max_parallel_nodes", "output", "real", "shard_timeout", "to_nodes", "work_dir", "workers")


def _name(argument: str) -> str:
    return argument.lstrip("-").split("=")[0]


def _is_engines(name: str) -> bool:
    return name in ENGINE_FLAGS or (name.startswith("no") and name[2:] in ENGINE_FLAGS)


def split_flags(arguments: list[str]) -> tuple[list[str], list[str], list[str]]:
    """(--real's packages, the engine's flags, the others)."""
    real: list[str] = []
    engine: list[str] = []
    others: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            others += rest
            break
        name = _name(argument) if argument.startswith("--") else ""
        if name in WITH_VALUE and "=" not in argument:
            argument = f"{argument}={next(rest, '')}"
        if name == "real":
            real += [package for package in argument.split("=", 1)[1].split(",") if package]
        elif name and _is_engines(name):
            engine.append(argument)
        else:
            others.append(argument)
    return real, engine, others


def _fail(message: str, status: int) -> int:
    sys.stdout.flush()
    print(f"tfxm: {message}", file=sys.stderr)
    return status


def _explain(error: BaseException, path: str) -> str:
    """The user's part of the traceback, and the message."""
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(type(error), error)).rstrip()
    frames = traceback.extract_tb(error.__traceback__)
    first = next((i for i, frame in enumerate(frames) if frame.filename == path), len(frames))
    ours = os.path.dirname(os.path.abspath(__file__))
    shown = [f for f in frames[first:] if not f.filename.startswith((ours + os.sep, "<frozen")) and os.path.basename(f.filename) != "runpy.py"]
    said = "".join(traceback.format_exception_only(type(error), error))
    if "did you mean" in str(error):  # Python has a guess of its own.
        said = f"{type(error).__name__}: {error}\n"
    text = "".join(traceback.format_list(shown)) + said
    from tfxm import compat

    if isinstance(error, ModuleNotFoundError) and error.name in compat.INSTEAD:
        pass  # It says what to do.
    elif isinstance(error, ModuleNotFoundError) and error.name and error.name.split(".")[0] in compat.NAMES:
        text += f"tfxm has no {error.name}. Where the real package is installed, --real={error.name.split('.')[0]} takes it.\n"
    elif isinstance(error, ImportError):
        text += _nearest_import(error)
    return text.rstrip()


def _show_own_help(path: str) -> None:
    """What the file itself prints for --help; nothing is run. In a process of its own, since it may end there."""
    from tfxm.orchestration import runner

    sys.stdout.flush()
    child = os.fork()
    if child != 0:
        os.waitpid(child, 0)
        print(flush=True)
        return
    try:
        runner.only_defined = True
        sys.argv = [path, "--help"]
        runpy.run_path(path, run_name="__main__")
    except BaseException:  # noqa: BLE001, S110  What is wrong with the file is told when it is run for the engine's help.
        pass
    finally:
        sys.stdout.flush()
        os._exit(0)


def _nearest_import(error: ImportError) -> str:
    """What is near a name that `from tfx.… import NAME` does not find: Python itself says only that it is not there."""
    from tfxm import compat

    match = re.search(r"cannot import name '(\w+)'", str(error))
    if match is None or (error.name or "").split(".")[0] not in compat.NAMES:
        return ""
    try:
        getattr(sys.modules.get(error.name or ""), match[1])
    except AttributeError as missing:
        if str(missing).startswith("tfxm has no"):
            return f"{missing}\n"
    return ""


def run(path: str, arguments: list[str]) -> int:
    """The exit status."""
    if not os.path.isfile(path):
        return _fail(f"there is no pipeline {path}", USAGE_ERROR)
    try:
        import google.protobuf  # noqa: F401
    except ImportError:
        return _fail(f"{sys.executable} has no protobuf, which a pipeline in Python needs: pip install protobuf absl-py, or say with TFXM_PYTHON which Python has it", FAILED)
    from tfxm import compat
    from tfxm.orchestration import runner

    path = os.path.abspath(path)
    real, engine, others = split_flags(arguments)
    try:
        compat.install(real=real, beside=[os.path.dirname(path)])
    except (ImportError, ValueError) as error:
        return _fail(str(error), USAGE_ERROR)
    if real:
        os.environ["TFXM_REAL"] = ",".join(real)  # For the Pythons that run the modules.
    with open(path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    reads_flags = _READS_FLAGS.search(text) is not None
    if reads_flags and _HAS_OUTPUT.search(text):
        others += [flag for flag in engine if _name(flag) == "output"]
    help_wanted = any(_name(flag) == "help" for flag in engine)
    known = [f"--{name}" for name in (*ENGINE_FLAGS, "nocache", "real")]
    runner.command_line = runner.CommandLine(engine, others, known, reads_flags)
    sys.argv = [path, *others]
    sys.path.append(os.path.dirname(path))  # Last: what lies beside the file is found, and hides nothing.
    if help_wanted and reads_flags:
        _show_own_help(path)
    try:
        with contextlib.redirect_stderr(io.StringIO() if help_wanted and reads_flags else sys.stderr):
            runpy.run_path(path, run_name="__main__")
    except SystemExit as end:
        if help_wanted and reads_flags:  # It wants flags that --help goes without.
            print(f"Flags of every pipeline: {', '.join('--' + name for name in ENGINE_FLAGS)}")
            return 0
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        return _fail(str(end.code), FAILED)
    except KeyboardInterrupt:
        return 130
    except runner.UnknownFlag as error:
        return _fail(str(error), USAGE_ERROR)
    except runner.RunError as error:
        return error.status  # The engine has said why.
    except BaseException as error:  # noqa: BLE001  Whatever a user's file raises is the user's to read.
        return _fail(f"{path}:\n{_explain(error, path)}", FAILED)
    if runner.pipelines:
        return 0
    return _fail(f"{path} has run no pipeline: it ends without LocalDagRunner().run(…)", FAILED)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(_fail("give a pipeline file: tfxm run FILE.py", USAGE_ERROR))
    sys.exit(run(sys.argv[1], sys.argv[2:]))
