// SPDX-License-Identifier: Apache-2.0

// Executors that do as their exec properties say, and pipelines of them, for the tests of this folder.
#ifndef TFXM_ORCHESTRATION_TEST_PIPELINES_H_
#define TFXM_ORCHESTRATION_TEST_PIPELINES_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tfxm/dsl/pipeline.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/orchestration/local_dag_runner.h"

namespace tfxm {

inline const char kOutputKey[] = "examples";

// A folder of its own for each test: pipeline_root, metadata.db and a log of what has been executed.
class RunTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  std::string Path(absl::string_view name) const;
  // A node that appends its id to the log of executions and then does `what`:
  //   "write"       writes two files
  //   "fail", "throw", "segfault", "abort", "exit" (status 3, in the middle of writing)
  //   "hang"        writes one file, then waits for ever
  //   "meet PEER"   waits until node PEER does the same, and gives up after 20 s
  //   "alone"       fails if another node that wants to be alone is running
  //   "progress"    reports, and writes its own and the temporary path into properties
  //   "slow"        "write", taking its time
  //   "not blessed" what an Evaluator says that does not bless its model
  Node Make(const std::string& id, const std::string& what, const std::vector<Node>& inputs = {}) const;
  Pipeline PipelineOf(std::vector<Node> nodes) const;
  // Runs without display.
  absl::StatusOr<RunResult> Run(const Pipeline& pipeline, LocalDagRunnerOptions options = {}) const;

  // How often a node has been executed.
  int Executions(const std::string& id) const;
  std::unique_ptr<MetadataStore> Store() const;
  // What must hold whenever no run is going on: nothing RUNNING, nothing temporary, every artifact whole and known.
  void ExpectConsistent() const;

  std::string dir_;
};

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_TEST_PIPELINES_H_
