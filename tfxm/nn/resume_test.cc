// SPDX-License-Identifier: Apache-2.0

// A training in a process of its own, killed with SIGKILL while it runs and started again, ends with the weights of one
// that was left alone. This file has the tests' main: the same program is the child.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_format.h"
#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

extern char** environ;

namespace tfxm::nn {
namespace {

constexpr char kChildFlag[] = "--train_in";
constexpr int kEpochs = 4, kSteps = 25;

// All that has a state: dropout, moving averages, quantization ranges, an optimizer with slots and a schedule,
// shuffling, a rate that callbacks lower. After each update it writes a byte to stdout and waits for one. The trained
// weights go to `dir`/weights.
absl::Status Train(const std::string& dir) {
  const Pictures pictures = MakePictures(200, 64, 1);
  ASSIGN_OR_RETURN(const Dataset data,
                   Dataset::FromTensors({{"image", pictures.images}, {"label", pictures.labels}},
                                        {.batch_size = 16, .label_key = "label", .shuffle_seed = 3}));
  Sequential model({layers::InputLayer({64}, {.name = "image"}), layers::Reshape({8, 8, 1}), layers::Conv2D(4, 3),
                    layers::BatchNormalization(), layers::ReLU(), layers::Flatten(), layers::Dropout(0.2),
                    layers::Dense(10)});
  ASSIGN_OR_RETURN(Model quantized, QuantizeModel(model));
  RETURN_IF_ERROR(quantized.Compile({.optimizer = optimizers::Adam({.learning_rate = 0.01}),
                                     .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
                                     .metrics = {"accuracy"}}));
  const auto report = [](FitState&) {
    char byte = '.';
    if (write(STDOUT_FILENO, &byte, 1) == 1) byte = static_cast<char>(read(STDIN_FILENO, &byte, 1));
  };
  RETURN_IF_ERROR(
      quantized
          .Fit(
              data.Repeat(),
              {.epochs = kEpochs,
               .steps_per_epoch = kSteps,
               .callbacks = {callbacks::BackupAndRestore({.backup_dir = io::JoinPath(dir, "backup"), .save_freq = 7}),
                             callbacks::ReduceLROnPlateau(
                                 {.monitor = "loss", .factor = 0.5, .patience = 2, .min_delta = 100}),
                             callbacks::EarlyStopping({.monitor = "loss", .patience = 9, .restore_best_weights = true}),
                             callbacks::CSVLogger(io::JoinPath(dir, "log.csv")),
                             callbacks::LambdaCallback({.on_train_batch_end = report})},
               .verbose = 0})
          .status());
  return quantized.SaveWeights(io::JoinPath(dir, "weights"));
}

struct Outcome {
  int updates = 0;  // That the child reported.
  int status = 0;   // Of waitpid.
};

// Runs the child; kills it after `kill_after` updates, when it has just been told to go on, if that is not negative.
Outcome RunChild(const std::string& dir, int kill_after) {
  int up[2], down[2];
  EXPECT_EQ(pipe2(up, O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(down, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, up[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, down[0], STDIN_FILENO);
  std::string program = "/proc/self/exe", flag = kChildFlag, where = dir;
  char* argv[] = {program.data(), flag.data(), where.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), &actions, nullptr, argv, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(up[1]);
  close(down[0]);
  Outcome outcome;
  char byte;
  while (read(up[0], &byte, 1) == 1) {
    [[maybe_unused]] const auto told = write(down[1], &byte, 1);  // In vain if it has died since.
    if (++outcome.updates == kill_after) kill(child, SIGKILL);
  }
  close(up[0]);
  close(down[1]);
  waitpid(child, &outcome.status, 0);
  return outcome;
}

TEST(ResumeTest, AfterSigkillTheWeightsAreThoseOfAnUnbrokenTraining) {
  const TempDir temporary;
  const std::string& root = temporary.path();
  const std::string unbroken = io::JoinPath(root, "unbroken"), broken = io::JoinPath(root, "broken");
  ASSERT_EQ(io::MakeDirs(unbroken), absl::OkStatus());
  ASSERT_EQ(io::MakeDirs(broken), absl::OkStatus());
  const Outcome whole = RunChild(unbroken, -1);
  ASSERT_TRUE(WIFEXITED(whole.status) && WEXITSTATUS(whole.status) == 0);
  EXPECT_EQ(whole.updates, kEpochs * kSteps);

  int left = kEpochs * kSteps;
  // Before there is a backup; within an epoch; around an epoch's end; again.
  for (const int kill_after : {3, 18, 16, 23}) {
    const Outcome killed = RunChild(broken, kill_after);
    ASSERT_TRUE(WIFSIGNALED(killed.status) && WTERMSIG(killed.status) == SIGKILL) << killed.updates;
    EXPECT_FALSE(io::Exists(io::JoinPath(broken, "weights.index")));
    left -= killed.updates > 7 ? killed.updates - 7 : 0;  // At least; the last backup was within 7 updates.
  }
  EXPECT_TRUE(io::Exists(io::JoinPath(broken, "backup/latest")));
  const Outcome last = RunChild(broken, -1);
  ASSERT_TRUE(WIFEXITED(last.status) && WEXITSTATUS(last.status) == 0);
  EXPECT_LE(last.updates, left);  // It did not start from the beginning.
  for (const char* file : {"weights.index", "weights.data-00000-of-00001", "log.csv"}) {
    const auto expected = io::ReadFile(io::JoinPath(unbroken, file)), actual = io::ReadFile(io::JoinPath(broken, file));
    ASSERT_TRUE(expected.ok() && actual.ok()) << file;
    EXPECT_TRUE(*expected == *actual) << file;
  }
  EXPECT_FALSE(io::Exists(io::JoinPath(broken, "backup")));
  EXPECT_EQ(io::RemoveAll(root), absl::OkStatus());
}

}  // namespace

int TrainChild(const std::string& dir) {
  const absl::Status status = Train(dir);
  if (!status.ok()) absl::FPrintF(stderr, "%s\n", status.ToString());
  return status.ok() ? 0 : 1;
}
std::string ChildFlag() { return kChildFlag; }

}  // namespace tfxm::nn

int main(int argc, char** argv) {
  if (argc == 3 && argv[1] == tfxm::nn::ChildFlag()) return tfxm::nn::TrainChild(argv[2]);
  signal(SIGPIPE, SIG_IGN);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
