// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/schema/feature_path.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/example_batch.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::Path;
using tensorflow::metadata::v0::Schema;

// Whether a step needs no quotes: nothing special in it, or, as in a proto extension's name, all in one pair of
// parentheses.
bool IsPlainStep(absl::string_view step) {
  if (step.empty()) return false;
  if (step.find_first_of("().'") == absl::string_view::npos) return true;
  return step.front() == '(' && step.back() == ')' && step.size() >= 2 &&
         step.substr(1, step.size() - 2).find_first_of("()") == absl::string_view::npos;
}

std::string SerializeStep(const std::string& step) {
  return IsPlainStep(step) ? step : absl::StrCat("'", absl::StrReplaceAll(step, {{"'", "''"}}), "'");
}

}  // namespace

FeaturePath PathOf(const FeatureNameStatistics& feature) {
  if (feature.has_path()) return {feature.path().step().begin(), feature.path().step().end()};
  return {feature.name()};
}

FeaturePath PathOfColumn(absl::string_view name) {
  if (!absl::StartsWith(name, data::kSequencePrefix)) return {std::string(name)};
  return {std::string(data::kSequenceName), std::string(name.substr(data::kSequencePrefix.size()))};
}

Path ToProto(const FeaturePath& path) {
  Path proto;
  for (const std::string& step : path) proto.add_step(step);
  return proto;
}

std::string SerializePath(const FeaturePath& path) {
  return absl::StrJoin(path, ".",
                       [](std::string* out, const std::string& step) { absl::StrAppend(out, SerializeStep(step)); });
}

Feature* FindFeature(const FeaturePath& path, Schema* schema) {
  auto* features = schema->mutable_feature();
  Feature* found = nullptr;
  for (const std::string& step : path) {
    if (found != nullptr) {
      if (!found->has_struct_domain()) return nullptr;
      features = found->mutable_struct_domain()->mutable_feature();
    }
    found = nullptr;
    for (Feature& feature : *features) {
      if (feature.name() == step) {
        found = &feature;
        break;
      }
    }
    if (found == nullptr) return nullptr;
  }
  return found;
}

const Feature* FindFeature(const FeaturePath& path, const Schema& schema) {
  // The other one changes nothing.
  return FindFeature(path, const_cast<Schema*>(&schema));
}

}  // namespace tfxm::statistics
