# SPDX-License-Identifier: Apache-2.0
"""%load_ext tfx.orchestration.experimental.interactive.notebook_extensions.skip"""

from tfxm.orchestration import export_notebook


def load_ipython_extension(ipython: object) -> None:
    export_notebook.register_magic()
