# SPDX-License-Identifier: Apache-2.0
"""tfxm: TFX for mobile. The engine is the program `tfxm`; this package is how Python pipelines reach it.

`tfxm.v1` is what a pipeline file is written with, `tfxm.compat` serves files that were written for TFX itself.
"""
