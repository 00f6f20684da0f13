# SPDX-License-Identifier: Apache-2.0
"""Runs one function for the engine and says how it ended."""

from __future__ import annotations

import atexit
import json
import os
import sys
from typing import Any

from tfxm.runtime import engine, environment, errors, sources


def _sources(request: dict[str, Any]) -> dict[str, Any]:
    return {
        "files": sources.files(request["module_file"]),
        "versions": environment.versions(request["module_file"]),
    }


def _run_fn(request: dict[str, Any]) -> dict[str, Any]:
    from tfxm.runtime import fn_args, user_module

    module = user_module.load(request["module_file"])
    run_fn = user_module.function(module, "run_fn", "fn_args")
    run_fn(fn_args.from_json(request["arguments"]))
    return {}


def _tuner_fn(request: dict[str, Any]) -> dict[str, Any]:
    from tfxm.runtime import fn_args, tuner, user_module

    module = user_module.load(request["module_file"])
    tuner_fn = user_module.function(module, "tuner_fn", "fn_args")
    arguments = request["arguments"]
    best, results = arguments.pop("best_hyperparameters"), arguments.pop("tuner_results")
    tuner.search(tuner_fn, fn_args.from_json(arguments), best, results)
    return {}


def _trace(request: dict[str, Any]) -> dict[str, Any]:
    from tfxm.runtime import trace, user_module

    module = user_module.load(request["module_file"])
    preprocessing_fn = user_module.function(module, "preprocessing_fn", "inputs")
    arguments = request["arguments"]
    custom_config = json.loads(arguments.get("custom_config") or "null")
    trace.write(preprocessing_fn, arguments["schema_path"], arguments["output_dir"], custom_config)
    return {"stats_options_updater_fn": getattr(module, "stats_options_updater_fn", None) is not None}


def _key_fn(request: dict[str, Any]) -> dict[str, Any]:
    from tfxm.runtime import trace, user_module

    module = user_module.load(request["module_file"])
    preprocessing_fn = user_module.function(module, "preprocessing_fn", "inputs")
    arguments = request["arguments"]
    trace.write_keys(
        preprocessing_fn, arguments["schema_path"], json.loads(arguments.get("custom_config") or "null"), int(arguments["analyzer"]),
        arguments["values_path"], arguments["keys_path"])  # fmt: skip
    return {}


def _stats_options(request: dict[str, Any]) -> dict[str, Any]:
    from tfxm.runtime import stats_options, user_module

    module = user_module.load(request["module_file"])
    updater = user_module.function(module, "stats_options_updater_fn", "stats_type, stats_options")
    return stats_options.update(updater, request["arguments"])


def _execute(request: dict[str, Any]) -> dict[str, Any]:
    from tfxm.runtime import execute

    return execute.run(request)


FUNCTIONS = {"sources": _sources, "run_fn": _run_fn, "tuner_fn": _tuner_fn, "trace": _trace, "key_fn": _key_fn, "stats_options": _stats_options, "execute": _execute}


def main(function: str) -> None:
    """Does not return: the interpreter's own end, with TensorFlow's threads still there, could only go wrong."""
    request = engine.connect()
    pid = os.getpid()
    # The traceback of a crash, for the engine's message.
    crash_file = open(request["crash_file"], "w") if "crash_file" in request else None
    if crash_file is not None:
        import faulthandler

        faulthandler.enable(crash_file, all_threads=False)
    try:
        environment.check(request["tensorflow"])
        result = {"returned": FUNCTIONS[function](request)}
        atexit._run_exitfuncs()  # What libraries have left to do: logs and files.
    except BaseException as error:  # SystemExit and KeyboardInterrupt too.
        if os.getpid() == pid:
            result = errors.describe(error, function, request)
        else:
            result = {}
    if os.getpid() != pid:  # The function has forked and returned twice; the engine waits for the other.
        os._exit(0)
    sys.stdout.flush()
    sys.stderr.flush()
    engine.finish(result)
    os._exit(0 if "returned" in result else 1)
