// SPDX-License-Identifier: Apache-2.0

// What an evaluation directory may hold beside TFMA's files: what each model costs, where models disagree, and whether
// a difference between models is real. tfxm/proto/sidecars.proto describes the three files, all of which are optional.
//
//   ASSIGN_OR_RETURN(Sidecars sidecars, ReadSidecars("pipeline_root/Evaluator/evaluation/7"));
//   for (const Comparison& c : sidecars.comparisons) Use(c.metric_name(), c.difference());
#ifndef TFXM_REPORT_EVALUATION_SIDECARS_H_
#define TFXM_REPORT_EVALUATION_SIDECARS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/proto/sidecars.pb.h"

namespace tfxm::report {

using sidecars::Comparison;
using sidecars::DisagreementExample;
using sidecars::Disagreements;
using sidecars::DisagreementSlice;
using sidecars::Image;
using sidecars::ModelFacts;

struct Sidecars {
  std::vector<ModelFacts> facts;
  std::vector<Comparison> comparisons;
  Disagreements disagreements;
};

// Whether the model predicts what the reference model does for every example, but for rounding: then it is better or
// worse in no metric, however exactly that is measured. False where the files do not tell.
bool PredictsTheSame(const Sidecars& sidecars, const std::string& model);

// Reads those of the three files that are in `directory`; none gives empty Sidecars. INVALID_ARGUMENT names the file
// and the member that is not as described.
absl::StatusOr<Sidecars> ReadSidecars(absl::string_view directory);

// The same from JSON text. What is required is there in what they return, and what is free-form, as the values of
// slices, of a kind that is described.
absl::StatusOr<std::vector<ModelFacts>> ParseModelFacts(absl::string_view json);
absl::StatusOr<std::vector<Comparison>> ParseComparisons(absl::string_view json);
absl::StatusOr<Disagreements> ParseDisagreements(absl::string_view json);

// The values of a slice as text (SliceValueText), by feature.
using SliceText = std::map<std::string, std::string>;
SliceText ToSliceText(const google::protobuf::Struct& slice);
// As Slice::Text: "Overall", "region: east, sex: (empty)".
std::string SliceTextName(const SliceText& slice);

// The image that a feature of a DisagreementExample is, its channels filled in; nullopt: it is something else.
// INVALID_ARGUMENT: it is one, but not as described.
absl::StatusOr<std::optional<Image>> FeatureImage(const google::protobuf::Value& feature);

// A map of one of these messages in the order of its keys.
template <typename V>
std::map<std::string, V> Sorted(const google::protobuf::Map<std::string, V>& map) {
  std::map<std::string, V> sorted;
  for (const auto& [key, value] : map) sorted.emplace(key, value);
  return sorted;
}

}  // namespace tfxm::report

#endif  // TFXM_REPORT_EVALUATION_SIDECARS_H_
