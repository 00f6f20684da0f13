// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/test_pipelines.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tfxm/components/executor.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

class ScriptedExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    dir_ = *StringProperty(exec_properties, "dir");
    const std::string what = *StringProperty(exec_properties, "what");
    Note(context.node_id);
    ASSIGN_OR_RETURN(Artifact * output, SingleArtifact(outputs, outputs->begin()->first));
    RETURN_IF_ERROR(io::WriteFile(io::JoinPath(output->uri, "first"), "x"));
    if (output->type_name == "Model") {
      RETURN_IF_ERROR(io::MakeDirs(io::JoinPath(output->uri, "Format-Serving")));
      RETURN_IF_ERROR(io::WriteFile(io::JoinPath(output->uri, "Format-Serving/tflite"), "model"));
    }
    std::printf("%s speaks\n", context.node_id.c_str());
    std::fflush(stdout);
    if (what == "fail") return absl::InvalidArgumentError("feature \"fare\" is wrong");
    if (what == "throw") throw std::runtime_error("a user's mistake");
    if (what == "segfault") raise(SIGSEGV);
    if (what == "abort") abort();
    if (what == "exit") exit(3);
    if (what == "slow") usleep(30'000);
    if (what == "hang") {
      ASSIGN_OR_RETURN(const auto making, io::TempDir::Make(io::JoinPath(dir_, "making"), ".making-"));
      (void)io::WriteFile(io::JoinPath(dir_, "hanging"), absl::StrCat(getpid()));
      while (true) pause();
    }
    absl::string_view peer = what;
    if (absl::ConsumePrefix(&peer, "meet ")) RETURN_IF_ERROR(Meet(context.node_id, std::string(peer)));
    const std::string half = io::JoinPath(context.checkpoint_dir, "half");
    if (what == "die halfway" && !io::Exists(half)) {
      RETURN_IF_ERROR(io::MakeDirs(context.checkpoint_dir));
      RETURN_IF_ERROR(io::WriteFile(half, "done"));
      raise(SIGKILL);
    }
    if (what == "alone") RETURN_IF_ERROR(BeAlone());
    if (what == "progress") {
      context.progress("half of it", 0.5);
      context.progress("all of it", 1);
      output->custom_properties["own_path"] = output->uri + "/second";
      output->properties["span"] = int64_t{7};
    }
    if (what == "not blessed") {
      output->custom_properties["blessed"] = int64_t{0};
      context.progress(absl::StrCat("NOT blessed: a is 1. More: tfxm show ", output->uri), 1);
    }
    return io::WriteFile(io::JoinPath(output->uri, "second"), "y");
  }

 private:
  void Note(const std::string& id) {
    const int fd = open(io::JoinPath(dir_, "executed").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    (void)!write(fd, (id + "\n").data(), id.size() + 1);
    close(fd);
  }
  absl::Status Meet(const std::string& id, const std::string& peer) {
    RETURN_IF_ERROR(io::WriteFile(io::JoinPath(dir_, "here." + id), ""));
    for (int i = 0; i < 2000; ++i) {
      if (io::Exists(io::JoinPath(dir_, "here." + peer))) return absl::OkStatus();
      usleep(10'000);
    }
    return absl::DeadlineExceededError(absl::StrCat(peer, " did not run at the same time"));
  }
  absl::Status BeAlone() {
    const std::string path = io::JoinPath(dir_, "alone");
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (fd < 0) return absl::InternalError("not alone");
    close(fd);
    usleep(50'000);
    return io::RemoveAll(path);
  }
  std::string dir_;
};

TFXM_REGISTER(ExecutorRegistry, "test.Scripted", [] { return std::make_unique<ScriptedExecutor>(); });

}  // namespace

void RunTest::SetUp() { dir_ = *io::MakeTempDir(::testing::TempDir(), "run"); }

void RunTest::TearDown() {
  // What a run has started that was killed may still be writing: then the rest goes at the end of the program.
  io::RemoveAll(dir_).IgnoreError();
}

std::string RunTest::Path(absl::string_view name) const { return io::JoinPath(dir_, name); }

Node RunTest::Make(const std::string& id, const std::string& what, const std::vector<Node>& inputs) const {
  NodeSpec spec{.id = id,
                .type_name = "test.Scripted",
                .executor = "test.Scripted",
                .outputs = {{kOutputKey, {standard_artifacts::Examples()}}},
                .exec_properties = {{"what", what}, {"dir", dir_}}};
  for (const Node& input : inputs) spec.inputs[input.id()] = {.channels = {input.outputs(kOutputKey)}};
  return Node(std::move(spec));
}

Pipeline RunTest::PipelineOf(std::vector<Node> nodes) const {
  return {.pipeline_name = "test",
          .pipeline_root = Path("pipeline_root"),
          .components = std::move(nodes),
          .enable_cache = true,
          .metadata_path = Path("metadata.db")};
}

absl::StatusOr<RunResult> RunTest::Run(const Pipeline& pipeline, LocalDagRunnerOptions options) const {
  return LocalDagRunner(options).Run(pipeline);
}

int RunTest::Executions(const std::string& id) const {
  int n = 0;
  for (const auto& line : absl::StrSplit(io::ReadFile(Path("executed")).value_or(""), '\n')) n += line == id;
  return n;
}

std::unique_ptr<MetadataStore> RunTest::Store() const {
  return *MetadataStore::Open(Path("metadata.db"), database::Mode::kReadOnly);
}

void RunTest::ExpectConsistent() const {
  const auto store = Store();
  const auto executions = *store->GetExecutions();
  for (const auto& execution : executions) {
    EXPECT_NE(execution.last_known_state(), ml_metadata::Execution::RUNNING) << execution.id();
  }
  std::set<std::string> known;
  const auto artifacts = *store->GetArtifacts();
  for (const auto& artifact : artifacts) {
    known.insert(artifact.uri());
    EXPECT_TRUE(io::Exists(io::JoinPath(artifact.uri(), "first"))) << artifact.uri();
    EXPECT_TRUE(io::Exists(io::JoinPath(artifact.uri(), "second"))) << artifact.uri();
  }
  EXPECT_FALSE(io::Exists(Path("pipeline_root/.temp")));
  EXPECT_TRUE(io::Glob(Path("pipeline_root/*/examples/*"))->empty()) << "a file as artifact";
  namespace fs = std::filesystem;
  for (const auto& node : fs::directory_iterator(Path("pipeline_root"))) {
    const fs::path dir = node.path() / kOutputKey;
    if (!fs::exists(dir)) continue;
    for (const auto& artifact : fs::directory_iterator(dir)) {
      EXPECT_EQ(known.count(artifact.path().string()), 1) << artifact.path() << " is not an artifact of the store";
    }
  }
}

}  // namespace tfxm
