// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/compare/internal/feature_skew.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tensorflow::Example;
using tensorflow::Feature;
using tensorflow::data_validation::FeatureSkew;
using tensorflow::data_validation::MatchStats;
using tensorflow::data_validation::SkewPair;
using tfx::components::example_diff::PairedExampleSkew;

bool HasValues(const Feature* feature) {
  return feature != nullptr && (feature->bytes_list().value_size() > 0 || feature->int64_list().value_size() > 0 ||
                                feature->float_list().value_size() > 0);
}

const Feature* Find(const Example& example, const std::string& name) {
  const auto& features = example.features().feature();
  const auto it = features.find(name);
  return it == features.end() ? nullptr : &it->second;
}

// As Python's round: the decimal digits of the exact value, halves to even.
float Rounded(float value, int digits) {
  char buffer[512];
  const int n = std::snprintf(buffer, sizeof(buffer), "%.*f", digits, static_cast<double>(value));
  return n > 0 && n < static_cast<int>(sizeof(buffer)) ? static_cast<float>(std::strtod(buffer, nullptr)) : value;
}

// What is compared of a feature's values.
std::string KeyOf(const Feature& feature, int digits) {
  if (!feature.has_float_list()) return io::SerializeDeterministically(feature);
  Feature rounded;
  for (const float value : feature.float_list().value())
    rounded.mutable_float_list()->add_value(Rounded(value, digits));
  return io::SerializeDeterministically(rounded);
}

class Detector {
 public:
  Detector(const PairedExampleSkew& config, FeatureSkewResults* results)
      : config_(config),
        digits_(static_cast<int>(std::min<uint32_t>(config.float_round_ndigits(), 100))),
        identifiers_(config.identifier_features().begin(), config.identifier_features().end()),
        ignored_(config.ignore_features().begin(), config.ignore_features().end()),
        results_(results) {
    ignored_.insert(identifiers_.begin(), identifiers_.end());
  }

  // One of num_parts parts of the identifiers.
  absl::Status Add(const std::vector<std::string>& base_files, const std::vector<std::string>& test_files, int part,
                   int num_parts) {
    std::map<std::string, Group> groups;
    MatchStats& stats = results_->match_stats;
    uint64_t base_without = 0, test_without = 0;
    RETURN_IF_ERROR(ForEachIdentified(
        base_files, part, num_parts, &base_without,
        [&](const std::string& id, absl::string_view record) { groups[id].base.emplace_back(record); }));
    RETURN_IF_ERROR(ForEachIdentified(
        test_files, part, num_parts, &test_without,
        [&](const std::string& id, absl::string_view record) { groups[id].test.emplace_back(record); }));
    stats.set_base_missing_id_count(base_without);
    stats.set_test_missing_id_count(test_without);
    for (const auto& [id, group] : groups) RETURN_IF_ERROR(AddGroup(group));
    return absl::OkStatus();
  }

  void Finish() {
    for (auto& [name, skew] : results_->features) {
      skew.set_diff_count(skew.base_only() + skew.test_only() + skew.mismatch_count());
    }
    for (auto& [hash, pair] : sample_) results_->sample.push_back(std::move(pair));
    for (const auto& [values, count] : confusion_) {
      auto& proto = results_->confusion.emplace_back();
      proto.set_feature_name(std::get<0>(values));
      proto.mutable_base()->set_bytes_value(std::get<1>(values));
      proto.mutable_test()->set_bytes_value(std::get<2>(values));
      proto.set_count(count);
    }
  }

 private:
  struct Group {
    std::vector<std::string> base, test;  // Serialized.
  };

  absl::Status ForEachIdentified(const std::vector<std::string>& files, int part, int num_parts, uint64_t* without,
                                 const std::function<void(const std::string& id, absl::string_view record)>& fn) const {
    for (const std::string& file : files) {
      int64_t number = 0;
      RETURN_IF_ERROR(data::ForEachRecord({file}, [&](absl::string_view record) -> absl::Status {
        const auto where = [&] { return absl::StrCat(file, ": record ", number); };
        Example example;
        if (!example.ParseFromArray(record.data(), static_cast<int>(record.size()))) {
          return absl::InvalidArgumentError(absl::StrCat(where(), ": not a tf.Example"));
        }
        ++number;
        std::string key;
        for (const std::string& name : identifiers_) {
          const Feature* const feature = Find(example, name);
          if (!HasValues(feature)) {
            ++*without;
            return absl::OkStatus();
          }
          const std::string value = KeyOf(*feature, digits_);
          absl::StrAppend(&key, value.size(), ":", value);
        }
        const Sha256Digest digest = Sha256::Hash(key);
        if (DigestModulo(digest, static_cast<uint32_t>(num_parts)) != static_cast<uint32_t>(part)) {
          return absl::OkStatus();
        }
        fn(std::string(digest.begin(), digest.end()), record);
        return absl::OkStatus();
      }));
    }
    return absl::OkStatus();
  }

  absl::Status AddGroup(const Group& group) {
    MatchStats& stats = results_->match_stats;
    const uint64_t num_base = group.base.size(), num_test = group.test.size();
    const bool is_duplicate = num_base > 1 || num_test > 1;
    stats.set_base_with_id_count(stats.base_with_id_count() + num_base);
    stats.set_test_with_id_count(stats.test_with_id_count() + num_test);
    stats.set_identifiers_count(stats.identifiers_count() + 1);
    stats.set_ids_missing_in_base_count(stats.ids_missing_in_base_count() + (num_base == 0 ? 1 : 0));
    stats.set_ids_missing_in_test_count(stats.ids_missing_in_test_count() + (num_test == 0 ? 1 : 0));
    stats.set_matching_pairs_count(stats.matching_pairs_count() + num_base * num_test);
    stats.set_duplicate_id_count(stats.duplicate_id_count() + (is_duplicate ? 1 : 0));
    if (is_duplicate && !config_.allow_duplicate_identifiers()) return absl::OkStatus();
    std::vector<Example> tests(group.test.size());
    for (size_t i = 0; i < tests.size(); ++i) tests[i].ParseFromString(group.test[i]);
    for (const std::string& record : group.base) {
      Example base;
      base.ParseFromString(record);
      for (const Example& test : tests) RETURN_IF_ERROR(AddPair(base, test));
    }
    return absl::OkStatus();
  }

  absl::Status AddPair(const Example& base, const Example& test) {
    std::set<std::string> names;
    for (const auto& [name, feature] : base.features().feature()) names.insert(name);
    for (const auto& [name, feature] : test.features().feature()) names.insert(name);
    SkewPair pair;
    bool is_skewed = false;
    for (const std::string& name : names) {
      if (ignored_.count(name) == 0 && !AddFeature(name, Find(base, name), Find(test, name), &pair)) is_skewed = true;
    }
    if (is_skewed) AddToSample(base, test, std::move(pair));
    for (const auto& confusion : config_.confusion_config()) {
      ASSIGN_OR_RETURN(const std::string of_base, ConfusionValue(base, confusion.feature_name()));
      ASSIGN_OR_RETURN(const std::string of_test, ConfusionValue(test, confusion.feature_name()));
      ++confusion_[{confusion.feature_name(), of_base, of_test}];
    }
    return absl::OkStatus();
  }

  // Whether they match. One that is missing on one side and empty on the other counts nowhere and does not, as in TFDV.
  bool AddFeature(const std::string& name, const Feature* base, const Feature* test, SkewPair* pair) {
    FeatureSkew& skew = results_->features[name];
    skew.set_feature_name(name);
    const bool in_base = HasValues(base), in_test = HasValues(test);
    skew.set_base_count(skew.base_count() + (in_base ? 1 : 0));
    skew.set_test_count(skew.test_count() + (in_test ? 1 : 0));
    if (in_base && !in_test) {
      skew.set_base_only(skew.base_only() + 1);
      pair->add_base_only_features(name);
    } else if (in_test && !in_base) {
      skew.set_test_only(skew.test_only() + 1);
      pair->add_test_only_features(name);
    } else if (in_base && KeyOf(*base, digits_) != KeyOf(*test, digits_)) {
      skew.set_mismatch_count(skew.mismatch_count() + 1);
      pair->add_mismatched_features(name);
    } else if (in_base || (base == nullptr) == (test == nullptr)) {
      skew.set_match_count(skew.match_count() + 1);
      pair->add_matched_features(name);
      return true;
    }
    return false;
  }

  // Those of the smallest hashes: the same ones in whatever order and parts the data are read.
  void AddToSample(const Example& base, const Example& test, SkewPair pair) {
    if (config_.skew_sample_size() == 0) return;
    pair.set_base(io::SerializeDeterministically(base));
    pair.set_test(io::SerializeDeterministically(test));
    const Sha256Digest digest = Sha256::Hash(absl::StrCat(pair.base().size(), ":", pair.base(), pair.test()));
    sample_.emplace(std::string(digest.begin(), digest.end()), std::move(pair));
    if (sample_.size() > config_.skew_sample_size()) sample_.erase(std::prev(sample_.end()));
  }

  static absl::StatusOr<std::string> ConfusionValue(const Example& example, const std::string& name) {
    const Feature* const feature = Find(example, name);
    if (!HasValues(feature)) return "__MISSING_VALUE__";
    if (feature->bytes_list().value_size() != 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "confusion_config: feature \"", name, "\" has ",
          feature->has_bytes_list() ? "several values in some example" : "numbers", "; it must have one string"));
    }
    return feature->bytes_list().value(0);
  }

  const PairedExampleSkew& config_;
  const int digits_;
  const std::set<std::string> identifiers_;
  std::set<std::string> ignored_;
  FeatureSkewResults* const results_;
  std::multimap<std::string, SkewPair> sample_;
  std::map<std::tuple<std::string, std::string, std::string>, uint64_t> confusion_;
};

}  // namespace

absl::StatusOr<FeatureSkewResults> DetectFeatureSkew(const std::vector<std::string>& base_files,
                                                     const std::vector<std::string>& test_files,
                                                     const PairedExampleSkew& config,
                                                     const FeatureSkewOptions& options) {
  if (config.identifier_features().empty()) {
    return absl::InvalidArgumentError(
        "paired_example_skew has no identifier_features; name the features whose values tell which examples are a pair");
  }
  int64_t bytes = 0;
  for (const auto* files : {&base_files, &test_files}) {
    RETURN_IF_ERROR(data::ForEachRecord(*files, [&](absl::string_view record) {
      bytes += static_cast<int64_t>(record.size());
      return absl::OkStatus();
    }));
  }
  const auto num_parts = static_cast<int>(std::min<int64_t>(1 + bytes / std::max<int64_t>(options.max_bytes, 1), 1000));
  FeatureSkewResults results;
  Detector detector(config, &results);
  for (int part = 0; part < num_parts; ++part) {
    RETURN_IF_ERROR(detector.Add(base_files, test_files, part, num_parts));
  }
  detector.Finish();
  return results;
}

}  // namespace tfxm
