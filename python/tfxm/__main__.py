# SPDX-License-Identifier: Apache-2.0
"""`python -m tfxm FILE.py [flags]`, and the console script `tfxm`: a pipeline in Python, or any command of the engine."""

from __future__ import annotations

import os
import sys


def main() -> int:
    arguments = sys.argv[1:]
    if arguments and arguments[0].endswith(".py"):
        arguments.insert(0, "run")
    if arguments[:1] == ["run"] and arguments[1:] and arguments[1].endswith(".py"):
        from tfxm import run_pipeline

        if sys.path[0] in ("", os.getcwd()):  # -m puts the working directory first, whatever lies there.
            del sys.path[0]
        return run_pipeline.run(arguments[1], arguments[2:])
    from tfxm import native

    try:
        program, environment = native.program(), native.environment()
    except (FileNotFoundError, ImportError) as error:
        print(f"tfxm: {error}", file=sys.stderr)
        return 3
    os.execve(program, [program, *arguments], environment)


if __name__ == "__main__":
    sys.exit(main())
