// SPDX-License-Identifier: Apache-2.0

// Implementations by name: a new one is a new folder and a line that registers it, nothing else changes.
//
//   using ConverterRegistry = Registry<Converter>;
//   TFXM_REGISTER(ConverterRegistry, "tflite", [] { return std::make_unique<TfliteConverter>(); });
//   ASSIGN_OR_RETURN(std::unique_ptr<Converter> c, ConverterRegistry::Get().Create("tflite"));
//
// One registry exists per set of template arguments and process. Registration happens before main() or while a shared
// library is loaded; Create is thread safe.
#ifndef TFXM_UTIL_REGISTRY_H_
#define TFXM_UTIL_REGISTRY_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// The names closest to `name` (by edit distance, at most `count`), as `"A", "B"`; empty if nothing is near.
std::string NearestNames(absl::string_view name, const std::vector<std::string>& names, int count = 3);

template <typename Interface, typename... Args>
class Registry {
 public:
  using Factory = std::function<std::unique_ptr<Interface>(Args...)>;

  static Registry& Get() {
    static Registry* const registry = new Registry;
    return *registry;
  }

  bool Register(absl::string_view name, Factory factory) {
    std::lock_guard<std::mutex> lock(mutex_);
    factories_[std::string(name)] = std::move(factory);
    return true;
  }

  bool Has(absl::string_view name) const {
    std::lock_guard<std::mutex> lock(mutex_);
    return factories_.count(std::string(name)) > 0;
  }

  std::vector<std::string> Names() const {
    std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, factory] : factories_) names.push_back(name);
    return names;
  }

  // NOT_FOUND names the nearest registered names.
  absl::StatusOr<std::unique_ptr<Interface>> Create(absl::string_view name, Args... args) const {
    Factory factory;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (auto it = factories_.find(std::string(name)); it != factories_.end()) factory = it->second;
    }
    if (factory == nullptr) {
      const std::string near = NearestNames(name, Names());
      return absl::NotFoundError(
          absl::StrCat("nothing is registered as \"", name, "\"", near.empty() ? "" : "; did you mean ", near));
    }
    return factory(std::forward<Args>(args)...);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Factory> factories_;
};

#define TFXM_REGISTER(registry, name, ...)                                                  \
  [[maybe_unused]] static const bool TFXM_REGISTER_CONCAT_(tfxm_registered_, __COUNTER__) = \
      registry::Get().Register(name, __VA_ARGS__)
#define TFXM_REGISTER_CONCAT_(a, b) TFXM_REGISTER_CONCAT2_(a, b)
#define TFXM_REGISTER_CONCAT2_(a, b) a##b

}  // namespace tfxm

#endif  // TFXM_UTIL_REGISTRY_H_
