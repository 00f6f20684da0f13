// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/generate/cross_generator.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace tfxm::statistics {
namespace {

using data::Column;
using data::ValueType;
using tensorflow::metadata::v0::DatasetFeatureStatistics;

// The finite or infinite number that is the only value of example i; NaN if there is none.
double OnlyNumber(const Column& column, int i) {
  return column.present(i) && column.num_values(i) == 1 ? column.number(i, 0) : std::nan("");
}

}  // namespace

CrossGenerator::CrossGenerator(const StatsOptions* options) : options_(options) {
  for (auto [a, b] : options_->feature_crosses) {
    if (b < a) std::swap(a, b);
    crosses_[{a, b}];
  }
}

absl::Status CrossGenerator::Add(const data::ExampleBatch& batch, std::span<const int> examples,
                                 const ExampleWeights& weights) {
  if (options_->cross_all_features) {
    const std::set<std::string> allowed(options_->feature_allowlist.begin(), options_->feature_allowlist.end());
    std::set<std::string> names;
    for (const Column& column : batch.columns()) {
      if (column.is_sequence()) continue;
      const bool is_number = column.type() == ValueType::kInt || column.type() == ValueType::kFloat;
      if (is_number && (allowed.empty() || allowed.count(column.name()) > 0)) names.insert(column.name());
    }
    for (auto a = names.begin(); a != names.end(); ++a) {
      for (auto b = std::next(a); b != names.end(); ++b) crosses_[{*a, *b}];
    }
  }
  for (auto& [names, cross] : crosses_) {
    const Column* a = batch.Find(names.first);
    const Column* b = batch.Find(names.second);
    const auto is_number = [](const Column* column) {
      return column != nullptr && (column->type() == ValueType::kInt || column->type() == ValueType::kFloat);
    };
    if (!is_number(a) || !is_number(b)) continue;
    for (const int i : examples) {
      const double x = OnlyNumber(*a, i), y = OnlyNumber(*b, i);
      if (std::isnan(x) || std::isnan(y)) continue;
      ++cross.count;
      cross.x.Add(x);
      cross.y.Add(y);
      cross.xx.AddProduct(x, x);
      cross.yy.AddProduct(y, y);
      cross.xy.AddProduct(x, y);
    }
  }
  return absl::OkStatus();
}

void CrossGenerator::MergeFrom(CrossGenerator&& other) {
  for (const auto& [names, from] : other.crosses_) {
    Cross& to = crosses_[names];
    to.count += from.count;
    to.x.Merge(from.x);
    to.y.Merge(from.y);
    to.xx.Merge(from.xx);
    to.yy.Merge(from.yy);
    to.xy.Merge(from.xy);
  }
}

void CrossGenerator::Finish(int64_t num_examples, DatasetFeatureStatistics* dataset) const {
  for (const auto& [names, cross] : crosses_) {
    // A pair without an example is chance where all are crossed: that of the batches that have both.
    if (cross.count == 0) continue;
    auto* stats = dataset->add_cross_features();
    stats->mutable_path_x()->add_step(names.first);
    stats->mutable_path_y()->add_step(names.second);
    stats->set_count(cross.count);
    const auto n = static_cast<double>(cross.count);
    const double mean_x = cross.x.Value() / n, mean_y = cross.y.Value() / n;
    const double covariance = cross.xy.Value() / n - mean_x * mean_y;
    const auto deviation = [n](const ExactSum& squares, double mean) {
      return std::sqrt(std::max(0.0, squares.Value() / n - mean * mean));
    };
    const double deviations = deviation(cross.xx, mean_x) * deviation(cross.yy, mean_y);
    auto* numbers = stats->mutable_num_cross_stats();
    // With a constant nothing varies: what is left of the difference is its rounding.
    if (deviations == 0) continue;
    numbers->set_covariance(static_cast<float>(covariance));
    numbers->set_correlation(static_cast<float>(covariance / deviations));
  }
}

}  // namespace tfxm::statistics
