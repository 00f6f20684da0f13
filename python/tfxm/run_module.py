# SPDX-License-Identifier: Apache-2.0
"""What the engine starts for a module file in Python: `python3 run_module.py FUNCTION`, by this file's path.

The engine and this process talk in lines of JSON (runtime/engine.py). Nothing is imported before the search path is
set: neither this folder nor the one that the engine happens to run in is on it, only what Python itself put there. The
package `tfxm` is the one that this file lies in, whatever else is installed under that name.
"""

import os
import sys


def _set_path() -> str:
    """Removes this file's folder and the working directory from sys.path; returns the folder."""
    folder = os.path.dirname(os.path.realpath(__file__))
    try:
        cwd = os.getcwd()
    except OSError:  # It has been removed.
        cwd = folder
    asked_for = [os.path.abspath(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    unwanted = {folder, os.path.dirname(os.path.abspath(__file__)), "", *({cwd} - set(asked_for))}
    sys.path[:] = [p for p in sys.path if p not in unwanted]
    return folder


def _import_own_package(folder: str) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        "tfxm", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["tfxm"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    if sys.version_info < (3, 10):
        # runtime/ does not even parse there; the engine takes a failure that names no kind for the Python's.
        os.write(3, b'{"failed": "%s is Python %d.%d; tfxm needs 3.10 or newer (TFXM_PYTHON says which to take)"}\n' % (
            sys.executable.encode(), sys.version_info[0], sys.version_info[1]))
        sys.exit(1)
    _import_own_package(_set_path())
    from tfxm.runtime import main

    main.main(sys.argv[1])
