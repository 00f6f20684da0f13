// SPDX-License-Identifier: Apache-2.0

// package_test MODEL.tflite DATA LABEL: evaluates a TFLite file and infers a schema, with the installed libraries. Ends with
// status 1 and a message if something fails, or if a library did what only a program may: print to standard output (the
// caller looks), change what a signal does, block one.
#include <signal.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tfxm/model_analysis/default_config.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/statistics_accumulator.h"

namespace {

int Fail(const std::string& message) {
  std::fprintf(stderr, "package_test: %s\n", message.c_str());
  return 1;
}

bool SignalsAreUntouched() {
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, nullptr, &blocked);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGSEGV}) {
    struct sigaction action;
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_DFL || sigismember(&blocked, signal)) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return Fail("package_test MODEL.tflite DATA LABEL");
  const std::vector<std::string> files = {argv[2]};

  const auto statistics = tfxm::statistics::GenerateStatistics(files, {});
  if (!statistics.ok()) return Fail(std::string(statistics.status().message()));
  const auto schema = tfxm::statistics::InferSchema(*statistics, {});
  if (!schema.ok()) return Fail(std::string(schema.status().message()));
  if (schema->feature_size() == 0) return Fail("the schema is empty");

  const auto config = tfxm::model_analysis::MakeDefaultConfig({{"", argv[1]}}, argv[3], files);
  if (!config.ok()) return Fail(std::string(config.status().message()));
  tfxm::model_analysis::EvaluateOptions options;
  options.eval_config = config->eval_config;
  options.models = {{"", argv[1]}};
  options.files = files;
  const auto result = tfxm::model_analysis::Evaluate(options);
  if (!result.ok()) return Fail(std::string(result.status().message()));
  if (result->Overall("sparse_categorical_accuracy").value_or(0) < 0.7) return Fail("the accuracy is not what it was");

  return SignalsAreUntouched() ? 0 : Fail("a library has changed what a signal does");
}
