# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.experimental.interactive.standard_visualizations."""


def register_standard_visualizations() -> None:
    """They are there without it (visualizations.py)."""
