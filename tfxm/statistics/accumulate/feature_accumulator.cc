// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/feature_accumulator.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/statistics/schema/feature_path.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::statistics {
namespace {

using data::ValueType;
using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::RankHistogram;
using tensorflow::metadata::v0::StringStatistics;

// What TFDV writes for a string that is not UTF-8, which a proto's string cannot hold.
constexpr absl::string_view kNotUtf8 = "__BYTES_VALUE__";

// As Python's str(float) for all but exponents: "3.0", "0.25".
std::string FloatText(float value) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  std::string text(buffer, result.ptr);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

template <typename Proto>
void AddRanks(const std::vector<ValueCount>& values, bool weighted, const StatsOptions& options, Proto* proto) {
  for (size_t i = 0; i < values.size(); ++i) {
    const double frequency = weighted ? values[i].weight : static_cast<double>(values[i].count);
    const double threshold =
        weighted ? options.weighted_frequency_threshold : static_cast<double>(options.frequency_threshold);
    if (frequency < threshold) return;
    const std::string label = IsUtf8(values[i].value) ? values[i].value : std::string(kNotUtf8);
    if (static_cast<int>(i) < options.num_top_values) {
      StringStatistics::FreqAndValue* top = proto->add_top_values();
      top->set_value(label);
      top->set_frequency(frequency);
    }
    if (static_cast<int>(i) < options.num_rank_histogram_buckets) {
      RankHistogram::Bucket* bucket = proto->mutable_rank_histogram()->add_buckets();
      bucket->set_low_rank(i);
      bucket->set_high_rank(i);
      bucket->set_sample_count(frequency);
      bucket->set_label(label);
    }
  }
}

}  // namespace

FeatureAccumulator::FeatureAccumulator(std::string name, Role role, bool weighted, const StatsOptions* options)
    : name_(std::move(name)),
      role_(role),
      weighted_(weighted),
      options_(options),
      lists_(options->max_distinct_numbers) {}

FeatureAccumulator FeatureAccumulator::WithoutExamples() const {
  FeatureAccumulator none(name_, role_, weighted_, options_);
  none.SetType(type_).IgnoreError();  // The first is never an error.
  if (steps_.has_value()) none.steps_.emplace(options_->max_distinct_numbers);
  return none;
}

bool FeatureAccumulator::counts_values() const {
  switch (type_) {
    case ValueType::kBytes: return role_ != Role::kBytes;
    case ValueType::kInt: return role_ == Role::kCategoricalInt;
    case ValueType::kFloat: return role_ == Role::kCategoricalFloat;
    default: return false;
  }
}

absl::Status FeatureAccumulator::SetType(ValueType type) {
  if (type == ValueType::kUnknown || type == type_) return absl::OkStatus();
  if (type_ != ValueType::kUnknown) {
    return absl::InvalidArgumentError(absl::StrCat("feature \"", name_, "\" is ", ValueTypeName(type_),
                                                   " in some examples and ", ValueTypeName(type),
                                                   " in others; write it with one type everywhere"));
  }
  type_ = type;
  if (counts_values()) counts_.emplace(options_->max_distinct_strings, options_->max_distinct_string_bytes);
  if (type_ != ValueType::kBytes && !counts_values()) {
    numbers_.emplace(weighted(), options_->max_distinct_numbers);
  }
  return absl::OkStatus();
}

void FeatureAccumulator::AddBytes(absl::string_view value, Weight weight) {
  const auto length = static_cast<int64_t>(value.size());
  total_length_ += length;
  min_length_ = std::min(min_length_, length);
  max_length_ = std::max(max_length_, length);
  if (!counts_.has_value()) return;
  if (!IsUtf8(value)) ++num_invalid_utf8_;
  counts_->Add(value, 1, weight);
}

void FeatureAccumulator::AddSteps(const data::Column& column, int example, double weight) {
  const size_t first = column.first_step(example), end = first + static_cast<size_t>(column.num_steps(example));
  for (size_t step = first; step < end; ++step) {
    if (!column.step_present(step)) continue;
    if (weighted()) {
      steps_->AddWeighted(column.step_size(step), weight);
    } else {
      steps_->Add(column.step_size(step));
    }
  }
}

absl::Status FeatureAccumulator::Add(const data::Column& column, std::span<const int> examples,
                                     std::span<const double> weights) {
  RETURN_IF_ERROR(SetType(column.type()));
  if (column.is_sequence() && !steps_.has_value()) steps_.emplace(options_->max_distinct_numbers);
  for (const int i : examples) {
    if (!column.present(i)) continue;
    const int n = column.num_values(i);
    const double weight = weights.empty() ? 0 : weights[i];
    const int length = column.is_sequence() ? column.num_steps(i) : n;
    if (weighted()) {
      lists_.AddWeighted(length, weight);
    } else {
      lists_.Add(length);
    }
    if (column.is_sequence()) AddSteps(column, i, weight);
    const Weight w = counts_.has_value() && weighted() ? ToWeight(weight) : 0;
    if (type_ == ValueType::kBytes) {
      for (int k = 0; k < n; ++k) AddBytes(column.bytes(i, k), w);
    } else if (numbers_.has_value()) {
      if (type_ == ValueType::kFloat) {
        numbers_->Add(column.floats(i), weight);
      } else {
        numbers_->Add(column.ints(i), weight);
      }
    } else if (type_ == ValueType::kInt) {
      for (const int64_t value : column.ints(i)) AddBytes(absl::StrCat(value), w);
    } else if (type_ == ValueType::kFloat) {
      for (const float value : column.floats(i)) AddBytes(FloatText(value), w);
    }
  }
  lists_.EndRun();
  if (steps_.has_value()) steps_->EndRun();
  return absl::OkStatus();
}

absl::Status FeatureAccumulator::Merge(FeatureAccumulator&& other) {
  RETURN_IF_ERROR(SetType(other.type_));
  lists_.Merge(other.lists_);
  if (other.steps_.has_value() && !steps_.has_value()) steps_.emplace(options_->max_distinct_numbers);
  if (other.steps_.has_value()) steps_->Merge(*other.steps_);
  if (other.numbers_.has_value()) numbers_->Merge(*other.numbers_);
  if (other.counts_.has_value()) counts_->Merge(std::move(*other.counts_));
  total_length_ += other.total_length_;
  num_invalid_utf8_ += other.num_invalid_utf8_;
  min_length_ = std::min(min_length_, other.min_length_);
  max_length_ = std::max(max_length_, other.max_length_);
  return absl::OkStatus();
}

void FeatureAccumulator::Save(StateWriter* writer) const {
  writer->Write(type_, lists_, steps_.has_value(), total_length_, num_invalid_utf8_, min_length_, max_length_);
  if (steps_.has_value()) writer->Write(*steps_);
  if (numbers_.has_value()) writer->Write(*numbers_);
  if (counts_.has_value()) writer->Write(*counts_);
}

void FeatureAccumulator::Load(StateReader* reader) {
  ValueType type;
  reader->Read(&type);
  if (type < ValueType::kUnknown || type > ValueType::kBytes) return reader->Fail("it has a feature of no known type");
  if (!SetType(type).ok()) return reader->Fail("it has a feature twice");
  bool has_steps = false;
  reader->Read(&lists_, &has_steps);
  reader->ReadCounts(&total_length_, &num_invalid_utf8_);
  reader->Read(&min_length_, &max_length_);
  if (has_steps) reader->Read(&steps_.emplace(options_->max_distinct_numbers));
  if (numbers_.has_value()) reader->Read(&*numbers_);
  if (counts_.has_value()) reader->Read(&*counts_);
}

void FeatureAccumulator::FinishCommon(int64_t num_examples, double weighted_num_examples,
                                      CommonStatistics* common) const {
  lists_.Finish(num_examples, common);
  if (lists_.num_present() > 0) {
    *common->mutable_num_values_histogram() = lists_.LengthQuantiles(options_->num_values_histogram_buckets);
  }
  if (steps_.has_value()) {
    lists_.Finish(num_examples, common->add_presence_and_valency_stats());
    steps_->Finish(lists_.num_values(), common->add_presence_and_valency_stats());
  }
  if (!weighted()) return;
  lists_.Finish(weighted_num_examples, common->mutable_weighted_common_stats());
  if (steps_.has_value()) {
    lists_.Finish(weighted_num_examples, common->add_weighted_presence_and_valency_stats());
    steps_->Finish(lists_.weighted_num_values(), common->add_weighted_presence_and_valency_stats());
  }
}

// How long the lists of the steps are.
void FeatureAccumulator::FinishSteps(FeatureNameStatistics* feature) const {
  if (!steps_.has_value() || steps_->num_present() == 0) return;
  const int num_buckets = options_->num_values_histogram_buckets;
  auto* quantiles = feature->add_custom_stats();
  quantiles->set_name("level_2_value_list_length_quantiles");
  *quantiles->mutable_histogram() = steps_->LengthQuantiles(num_buckets);
  auto* standard = feature->add_custom_stats();
  standard->set_name("level_2_value_list_length_standard");
  *standard->mutable_histogram() = steps_->LengthHistogram(num_buckets);
}

void FeatureAccumulator::FinishStrings(StringStatistics* strings) const {
  if (num_values() > 0) {
    strings->set_avg_length(static_cast<float>(static_cast<double>(total_length_) / static_cast<double>(num_values())));
  }
  strings->set_invalid_utf8_count(num_invalid_utf8_);
  if (!counts_.has_value() || num_values() == 0) return;
  const int k = std::max(options_->num_top_values, options_->num_rank_histogram_buckets);
  const bool numeric = type_ == ValueType::kInt;
  AddRanks(counts_->MostFrequent(k, /*by_weight=*/false, numeric), /*weighted=*/false, *options_, strings);
  strings->set_unique(counts_->unique());
  if (weighted()) {
    AddRanks(counts_->MostFrequent(k, /*by_weight=*/true, numeric), /*weighted=*/true, *options_,
             strings->mutable_weighted_string_stats());
  }
}

FeatureNameStatistics FeatureAccumulator::Finish(int64_t num_examples, double weighted_num_examples) const {
  FeatureNameStatistics result;
  *result.mutable_path() = ToProto(PathOfColumn(name_));
  CommonStatistics common;
  FinishCommon(num_examples, weighted_num_examples, &common);
  const bool is_bytes = role_ == Role::kBytes && (type_ == ValueType::kBytes || type_ == ValueType::kUnknown);
  if (is_bytes) {
    result.set_type(FeatureNameStatistics::BYTES);
    auto* bytes = result.mutable_bytes_stats();
    *bytes->mutable_common_stats() = common;
    if (num_values() > 0) {
      // TFDV's mean: in a feature list by step.
      bytes->set_avg_num_bytes(
          static_cast<float>(static_cast<double>(total_length_) / static_cast<double>(lists_.num_values())));
      bytes->set_min_num_bytes(static_cast<float>(min_length_));
      bytes->set_max_num_bytes(static_cast<float>(max_length_));
      bytes->set_max_num_bytes_int(max_length_);
    }
  } else if (numbers_.has_value()) {
    result.set_type(type_ == ValueType::kInt ? FeatureNameStatistics::INT : FeatureNameStatistics::FLOAT);
    *result.mutable_num_stats() = numbers_->Finish(num_values(), *options_);
    *result.mutable_num_stats()->mutable_common_stats() = common;
  } else {
    // A feature without any value has no type of its own; TFDV calls it a string.
    result.set_type(type_ == ValueType::kInt     ? FeatureNameStatistics::INT
                    : type_ == ValueType::kFloat ? FeatureNameStatistics::FLOAT
                                                 : FeatureNameStatistics::STRING);
    *result.mutable_string_stats()->mutable_common_stats() = common;
    FinishStrings(result.mutable_string_stats());
  }
  FinishSteps(&result);
  return result;
}

}  // namespace tfxm::statistics
