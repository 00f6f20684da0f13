// A small program around Evaluate, for development: evaluate_main EVAL_CONFIG.pbtxt DATA OUTPUT [NAME=MODEL …]
#include <cstdio>
#include <string>

#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/util/io.h"

int main(int argc, char** argv) {
  using namespace tfxm;
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s EVAL_CONFIG.pbtxt DATA OUTPUT [NAME=MODEL …]\n", argv[0]);
    return 2;
  }
  model_analysis::EvaluateOptions options;
  if (absl::Status status = io::ReadTextProto(argv[1], &options.eval_config); !status.ok()) {
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    return 1;
  }
  options.data = argv[2];
  options.output_dir = argv[3];
  for (int i = 4; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    options.models[equals == std::string::npos ? "" : argument.substr(0, equals)] =
        argument.substr(equals == std::string::npos ? 0 : equals + 1);
  }
  auto result = model_analysis::Evaluate(options);
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    return 1;
  }
  for (const std::string& warning : result->warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  std::printf("%lld examples, %zu slices, %.3f s\n", static_cast<long long>(result->num_examples),
              result->slices.size(), result->seconds);
  for (const auto& model : result->models) {
    if (model.path.empty()) continue;
    std::printf("model \"%s\":", model.name.c_str());
    for (const auto& [name, number] : model.cost.numbers) std::printf(" %s %.6g", name.c_str(), number);
    std::printf("\n");
  }
  return 0;
}
