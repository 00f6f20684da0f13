#include "tfxm/nn/callbacks.h"

namespace tfxm::nn {

std::optional<double> FindLog(const Logs& logs, absl::string_view name) {
  for (const auto& [key, value] : logs) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace tfxm::nn
