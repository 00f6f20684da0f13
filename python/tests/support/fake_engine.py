# SPDX-License-Identifier: Apache-2.0
"""The engine's side of run_module.py, for tests: components/modules/python_module.cc in 40 lines."""

import fcntl
import json
import os
import subprocess
import sys

RUNNER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tfxm", "run_module.py")
_IN_PLACE = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.executable, [sys.executable, *sys.argv[3:]])"


def _high(fd):
    """Past the places where the child wants them, so that neither is overwritten."""
    high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20)
    os.close(fd)
    return high


class Run:
    """One function of a module, run to its end: `result`, `progress`, `calls`, `log`."""

    def __init__(self, function, module_file, arguments, tensorflow, services=None, environment=None):
        from_child, to_engine = map(_high, os.pipe())
        from_engine, to_child = map(_high, os.pipe())
        # Another test may have chosen a Keras for this process.
        usual = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
        process = subprocess.Popen(
            [sys.executable, "-c", _IN_PLACE, str(to_engine), str(from_engine), RUNNER, function],
            pass_fds=(to_engine, from_engine), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env={**usual, **(environment or {})})  # fmt: skip
        os.close(to_engine)
        os.close(from_engine)
        self.progress, self.calls, self.result = [], [], {}
        request = {"module_file": module_file, "shown": module_file, "tensorflow": tensorflow, "arguments": arguments}
        os.write(to_child, json.dumps(request).encode() + b"\n")
        with os.fdopen(from_child) as lines:
            for line in lines:
                message = json.loads(line)
                if "progress" in message:
                    self.progress.append((message["progress"], message["fraction"]))
                elif "call" in message:
                    self.calls.append(message["arguments"])
                    answer = services[message["call"]](message["arguments"])
                    os.write(to_child, json.dumps({"answer": answer}).encode() + b"\n")
                else:
                    self.result = message
        os.close(to_child)
        self.log = process.communicate()[0].decode(errors="replace")
        self.exit_status = process.returncode
