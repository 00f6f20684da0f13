// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/generate/semantic_generator.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "tfxm/statistics/generate/time_formats.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::statistics {
namespace {

using data::Column;
using data::ValueType;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::FeatureNameStatistics;

constexpr int64_t kFewestValues = 100;
constexpr double kMatchRatio = 0.8;

// "" if it does not begin as one.
absl::string_view ImageFormat(absl::string_view value) {
  static constexpr std::pair<absl::string_view, absl::string_view> kSignatures[] = {
      {"BM", "bmp"}, {"GIF8", "gif"}, {"\xff\xd8\xff", "jpeg"}, {"\x89PNG\r\n\x1a\n", "png"}};
  for (const auto& [signature, format] : kSignatures) {
    if (absl::StartsWith(value, signature)) return format;
  }
  return "";
}

// At least three words, 2.5 to 8 bytes long on average, in the first 100 bytes.
bool LooksLikeNaturalLanguage(absl::string_view value) {
  int64_t num_words = 0, num_bytes = 0;
  bool in_word = false;
  for (const char c : value.substr(0, 100)) {
    const bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!is_space && !in_word) ++num_words;
    in_word = !is_space;
    num_bytes += is_space ? 0 : 1;
  }
  if (num_words < 3) return false;
  const double length = static_cast<double>(num_bytes) / static_cast<double>(num_words);
  return length >= 2.5 && length <= 8;
}

void AddDomain(const std::string& domain, FeatureNameStatistics* feature) {
  auto* custom = feature->add_custom_stats();
  custom->set_name("domain_info");
  custom->set_str(domain);
}

void AddRatio(const char* name, double ratio, FeatureNameStatistics* feature) {
  auto* custom = feature->add_custom_stats();
  custom->set_name(name);
  custom->set_num(ratio);
}

}  // namespace

void SemanticGenerator::Feature::Save(StateWriter* writer) const {
  writer->Write(is_string, num_values, image_formats, num_natural_language, has_invalid_utf8, has_empty, time_formats);
}

void SemanticGenerator::Feature::Load(StateReader* reader) {
  reader->Read(&is_string);
  reader->ReadCounts(&num_values);
  reader->Read(&image_formats);
  reader->ReadCounts(&num_natural_language);
  reader->Read(&has_invalid_utf8, &has_empty, &time_formats);
  for (const auto& [format, count] : time_formats) {
    if (format < 0 || format >= TimeFormats::kNum) return reader->Fail("it has an unknown format of times");
  }
}

SemanticGenerator::SemanticGenerator(const StatsOptions* options)
    : options_(options), allowed_(options->feature_allowlist.begin(), options->feature_allowlist.end()) {}

void SemanticGenerator::AddStrings(const Column& column, std::span<const int> examples, Feature* feature) {
  feature->is_string = true;
  for (const int i : examples) {
    const int n = column.num_values(i);
    feature->num_values += n;
    for (int k = 0; k < n; ++k) {
      const absl::string_view value = column.bytes(i, k);
      ++feature->image_formats[std::string(ImageFormat(value))];
      feature->has_empty |= value.empty();
      feature->has_invalid_utf8 |= !IsUtf8(value);
      if (feature->has_invalid_utf8) continue;
      feature->num_natural_language += LooksLikeNaturalLanguage(value) ? 1 : 0;
      for (const int format : TimeFormats::Get().OfText(value)) ++feature->time_formats[format];
    }
  }
}

absl::Status SemanticGenerator::Add(const data::ExampleBatch& batch, std::span<const int> examples,
                                    const ExampleWeights& weights) {
  std::vector<int> sample;
  RETURN_IF_ERROR(
      SampleExamples(batch, examples, options_->semantic_domain_stats_sample_rate, "semantic_domain_stats", &sample));
  for (const Column& column : batch.columns()) {
    if (!IsAllowed(allowed_, column)) continue;
    if (column.type() == ValueType::kBytes) {
      AddStrings(column, sample, &features_[column.name()]);
    } else if (column.type() == ValueType::kInt) {
      Feature& feature = features_[column.name()];
      for (const int i : sample) {
        feature.num_values += column.num_values(i);
        for (const int64_t value : column.ints(i)) {
          for (const int format : TimeFormats::Get().OfNumber(value)) ++feature.time_formats[format];
        }
      }
    }
  }
  return absl::OkStatus();
}

void SemanticGenerator::MergeFrom(SemanticGenerator&& other) {
  for (const auto& [name, from] : other.features_) {
    Feature& to = features_[name];
    to.is_string |= from.is_string;
    to.num_values += from.num_values;
    for (const auto& [format, count] : from.image_formats) to.image_formats[format] += count;
    to.num_natural_language += from.num_natural_language;
    to.has_invalid_utf8 |= from.has_invalid_utf8;
    to.has_empty |= from.has_empty;
    for (const auto& [format, count] : from.time_formats) to.time_formats[format] += count;
  }
}

void SemanticGenerator::FinishFeature(const std::string& name, const Feature& feature,
                                      DatasetFeatureStatistics* dataset) {
  const auto total = static_cast<double>(feature.num_values);
  if (feature.is_string) {
    const auto other = feature.image_formats.find("");
    const double num_other = other == feature.image_formats.end() ? 0 : static_cast<double>(other->second);
    if (1 - num_other / total >= kMatchRatio) {
      FeatureNameStatistics* stats = FindOrAddFeature(name, dataset);
      AddDomain("image_domain {}", stats);
      auto* custom = stats->add_custom_stats();
      custom->set_name("image_format_histogram");
      for (const auto& [format, count] : feature.image_formats) {
        auto* bucket = custom->mutable_rank_histogram()->add_buckets();
        bucket->set_label(format.empty() ? "UNKNOWN" : format);
        bucket->set_sample_count(static_cast<double>(count));
      }
    }
    const double ratio = static_cast<double>(feature.num_natural_language) / total;
    if (ratio >= kMatchRatio && !feature.has_invalid_utf8) {
      FeatureNameStatistics* stats = FindOrAddFeature(name, dataset);
      AddDomain("natural_language_domain {}", stats);
      AddRatio("natural_language_match_rate", ratio, stats);
    }
  }
  if (feature.has_invalid_utf8 || feature.has_empty) return;
  std::pair<int, int64_t> best = {0, 0};
  for (const auto& format : feature.time_formats) {
    if (format.second > best.second) best = format;
  }
  const double ratio = static_cast<double>(best.second) / total;
  if (best.second == 0 || ratio < kMatchRatio) return;
  FeatureNameStatistics* stats = FindOrAddFeature(name, dataset);
  AddDomain(TimeFormats::Get().Domain(best.first), stats);
  AddRatio("time_match_ratio", ratio, stats);
}

void SemanticGenerator::Finish(int64_t num_examples, DatasetFeatureStatistics* dataset) const {
  for (const auto& [name, feature] : features_) {
    if (feature.num_values >= kFewestValues) FinishFeature(name, feature, dataset);
  }
}

}  // namespace tfxm::statistics
