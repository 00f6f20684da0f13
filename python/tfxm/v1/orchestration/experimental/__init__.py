# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.experimental: notebooks."""
