# SPDX-License-Identifier: Apache-2.0
"""A pass on Beam's own runner, in one process and in several. Skipped where apache-beam is not installed."""

from __future__ import annotations

import unittest

from support.pass_data import PassTest

try:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError:
    beam = None


@unittest.skipIf(beam is None, "NOT TESTED: tfxm.beam, since apache-beam is not installed (make scale does)")
class BeamTest(PassTest):
    def run_on(self, *options: str) -> None:
        from tfxm.beam import RunPass

        with beam.Pipeline(options=PipelineOptions(list(options))) as pipeline:
            result = pipeline | RunPass(self.request, self.output, work_dir=self.work_dir, engine=self.engine)
            result | beam.Map(lambda path, expected: self.assertEqual(path, expected), self.output)
        self.expect_result()

    def test_in_this_process(self) -> None:
        self.run_on("--runner=DirectRunner")

    def test_in_several_processes(self) -> None:
        self.run_on("--runner=DirectRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2")


if __name__ == "__main__":
    unittest.main()
