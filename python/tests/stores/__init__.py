# SPDX-License-Identifier: Apache-2.0
"""Tests against servers; `make scale` has what they need."""
