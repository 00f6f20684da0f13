# SPDX-License-Identifier: Apache-2.0
"""TFX's names, on tfxm (python/tfxm/compat)."""

__version__ = "1.15.1"  # Whose surface this is.
