# SPDX-License-Identifier: Apache-2.0
"""What a pipeline is written in: artifacts, channels, nodes, the pipeline, and the compiler to TFX's IR."""
