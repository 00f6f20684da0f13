# SPDX-License-Identifier: Apache-2.0
"""Makes the parts of a pass by a Beam pipeline, for the engine, which starts this file by its path (--launcher=beam):

    run_shards_on_beam.py NUM_SHARDS PART_PREFIX WORKER… -- BEAM_ARGUMENT…

Each shard is an element, and `WORKER… --shard=I --output=PART_PREFIX I` is run for it wherever Beam runs it. What Beam's
workers get is in this file, so they need the program and the files under the same paths, and no Python package of tfxm's.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # Run by path, so Python has put this folder first: no module of it is to be taken for another of the same name.
    _here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if p not in ("", _here)]

_FAILED = 3  # util/exit_status.h
_MOST_OF_A_LOG = 2000


def _map_shard(worker: list[str], part_prefix: str, shard: int) -> None:
    import subprocess  # Where Beam runs this.

    command = [*worker, f"--shard={shard}", f"--output={part_prefix}{shard}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        said = " ".join(done.stdout.decode("utf-8", "replace").split())[-_MOST_OF_A_LOG:]
        raise RuntimeError(f"shard {shard}: its worker ended with status {done.returncode}: {said}")


def _last_lines(error: BaseException) -> str:
    """Beam puts the worker's traceback, and its own remarks, around what a shard's worker has said."""
    lines = [line.strip().removeprefix("RuntimeError: ") for line in str(error).splitlines() if line.strip()]
    ours = [line for line in lines if line.startswith("shard ")]
    text = ours[-1].removesuffix(" [while running 'Map']") if ours else f"{type(error).__name__}: {' '.join(lines)}"
    return text[:_MOST_OF_A_LOG]


def main(arguments: list[str]) -> int:
    import logging

    logging.disable(logging.CRITICAL)  # The error has it all.
    num_shards, part_prefix, *rest = arguments
    middle = rest.index("--")
    worker, beam_arguments = rest[:middle], rest[middle + 1 :]
    try:
        import apache_beam as beam
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError as error:
        print(
            f"{sys.executable} cannot import apache_beam ({error}); pip install apache-beam, say with TFXM_PYTHON which Python has it, "
            "or go without: --launcher=threads",
            file=sys.stderr,
        )
        return _FAILED
    try:
        with beam.Pipeline(options=PipelineOptions(beam_arguments)) as pipeline:
            shards = pipeline | "Shards" >> beam.Create(range(int(num_shards))) | "Spread" >> beam.Reshuffle()
            shards | "Map" >> beam.Map(lambda shard: _map_shard(worker, part_prefix, shard))
    except SystemExit:  # Of argparse, which has said why.
        print(f"Beam does not take these arguments: {' '.join(beam_arguments)}", file=sys.stderr)
        return _FAILED
    except Exception as error:  # noqa: BLE001  Whatever the runner raises is to be read.
        print(_last_lines(error), file=sys.stderr)
        return _FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
