// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/example_weights.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::statistics {
namespace {

absl::Status ReadWeights(const std::string& name, const data::ExampleBatch& batch, std::span<const int> examples,
                         std::vector<double>* weights) {
  const data::Column* column = batch.Find(name);
  weights->assign(batch.num_examples(), 0.0);
  for (const int i : examples) {
    const auto error = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat("example ", batch.first_record() + i, ": weight feature \"", name,
                                                     "\" ", what, "; it must have exactly one finite number"));
    };
    if (column == nullptr || !column->present(i)) return error("is missing");
    if (column->type() == data::ValueType::kBytes) return error("is a string");
    if (column->num_values(i) != 1) return error(absl::StrCat("has ", column->num_values(i), " values"));
    (*weights)[i] = column->number(i, 0);
    if (!std::isfinite((*weights)[i])) return error(absl::StrCat("is ", (*weights)[i]));
  }
  return absl::OkStatus();
}

}  // namespace

ExampleWeights::ExampleWeights(std::shared_ptr<const StatsOptions> options) : options_(std::move(options)) {
  if (!options_->weight_feature.empty()) by_name_[options_->weight_feature];
  for (const auto& [feature, weight] : options_->per_feature_weight_override) {
    if (!weight.empty()) by_name_[weight];
  }
}

absl::Status ExampleWeights::Read(const data::ExampleBatch& batch, std::span<const int> examples) {
  for (auto& [name, weights] : by_name_) RETURN_IF_ERROR(ReadWeights(name, batch, examples, &weights));
  return absl::OkStatus();
}

const std::string& ExampleWeights::NameFor(absl::string_view feature) const {
  if (options_->per_feature_weight_override.empty()) return options_->weight_feature;
  const auto it = options_->per_feature_weight_override.find(std::string(feature));
  return it == options_->per_feature_weight_override.end() ? options_->weight_feature : it->second;
}

std::span<const double> ExampleWeights::For(absl::string_view feature) const {
  const auto it = by_name_.find(NameFor(feature));
  return it == by_name_.end() ? std::span<const double>() : std::span<const double>(it->second);
}

std::span<const double> ExampleWeights::Default() const {
  const auto it = by_name_.find(options_->weight_feature);
  return options_->weight_feature.empty() || it == by_name_.end() ? std::span<const double>()
                                                                  : std::span<const double>(it->second);
}

}  // namespace tfxm::statistics
