# SPDX-License-Identifier: Apache-2.0
"""The pieces of a pass, from Python."""

from __future__ import annotations

import os
import unittest

from support.pass_data import PassTest

from tfxm import passes


class PassesTest(PassTest):
    def test_parts_in_any_order_give_the_result_of_one_process(self) -> None:
        plan = passes.plan(self.request, self.work_dir)
        self.assertGreater(plan.num_shards, 4)
        parts = [passes.map_shard(plan, shard) for shard in reversed(range(plan.num_shards))]
        passes.map_shard(plan, 1)
        passes.reduce(plan, parts, self.output)
        self.expect_result()
        self.assertFalse([part for part in parts if os.path.exists(part)])

    def test_what_is_wrong_is_said(self) -> None:
        with self.assertRaisesRegex(passes.PassError, "no step"):
            passes.plan({"files": ["x"]}, self.work_dir)
        with self.assertRaisesRegex(passes.PassError, "nowhere"):
            passes.plan({**self.request, "files": ["nowhere"]}, self.work_dir)
        plan = passes.plan(self.request, self.work_dir)
        with self.assertRaisesRegex(passes.PassError, "part.s. are missing: shard 1 of"):
            passes.reduce(plan, [passes.map_shard(plan, 0)], self.output)
        self.assertFalse(os.path.exists(self.output))


if __name__ == "__main__":
    unittest.main()
