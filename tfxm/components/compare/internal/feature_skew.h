// SPDX-License-Identifier: Apache-2.0

// How the features of paired examples differ: TFDV's feature_skew_detector.
//
//   tfx::components::example_diff::PairedExampleSkew config;
//   config.add_identifier_features("id");
//   ASSIGN_OR_RETURN(FeatureSkewResults results, DetectFeatureSkew({"base.tfrecord"}, {"test.tfrecord"}, config));
//   // results.features["fare"].mismatch_count(): pairs of one id whose fares are not the same
//
// Examples are paired by the values of the identifier features. A feature's values are the same if they are of one type
// and equal bit by bit; floats are rounded to float_round_ndigits digits after the point before, which is 0 unless the
// config says more (TFX's default: whole numbers).
#ifndef TFXM_COMPONENTS_COMPARE_INTERNAL_FEATURE_SKEW_H_
#define TFXM_COMPONENTS_COMPARE_INTERNAL_FEATURE_SKEW_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfx/proto/example_diff.pb.h"
#include "tfxm/components/compare/internal/feature_skew_results.pb.h"

namespace tfxm {

struct FeatureSkewResults {
  std::map<std::string, tensorflow::data_validation::FeatureSkew> features;
  tensorflow::data_validation::MatchStats match_stats;
  // skew_sample_size pairs that differ, always the same ones of the same data (TFDV takes them at random).
  std::vector<tensorflow::data_validation::SkewPair> sample;
  std::vector<tensorflow::data_validation::ConfusionCount> confusion;
};

struct FeatureSkewOptions {
  // Of examples that are in memory at a time. If there are more, all files are read several times, each time for a
  // part of the identifiers.
  int64_t max_bytes = int64_t{512} << 20;
};

// TFRecord files of tf.Examples. INVALID_ARGUMENT if there are no identifier_features, if a record is not a tf.Example
// (it names the file and the record), or if a feature of confusion_config has numbers or several values.
absl::StatusOr<FeatureSkewResults> DetectFeatureSkew(const std::vector<std::string>& base_files,
                                                     const std::vector<std::string>& test_files,
                                                     const tfx::components::example_diff::PairedExampleSkew& config,
                                                     const FeatureSkewOptions& options = {});

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_COMPARE_INTERNAL_FEATURE_SKEW_H_
