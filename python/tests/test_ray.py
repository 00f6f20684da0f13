# SPDX-License-Identifier: Apache-2.0
"""A pass on Ray, on this machine. Skipped where ray is not installed."""

from __future__ import annotations

import os
import unittest

from support.pass_data import PassTest

try:
    import ray
except ImportError:
    ray = None

_PYTHON = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@unittest.skipIf(ray is None, "NOT TESTED: tfxm.ray, since ray is not installed (make scale RAY=1 does)")
class RayTest(PassTest):
    def setUp(self) -> None:
        super().setUp()
        # Its workers take tfxm from here.
        ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", runtime_env={"env_vars": {"PYTHONPATH": _PYTHON}})
        self.addCleanup(ray.shutdown)

    def test_the_result_is_that_of_one_process(self) -> None:
        from tfxm.ray import run_pass

        run_pass(self.request, self.output, work_dir=self.work_dir, engine=self.engine)
        self.expect_result()


if __name__ == "__main__":
    unittest.main()
