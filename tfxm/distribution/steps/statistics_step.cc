// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/steps/statistics_step.h"

#include "tfxm/model_analysis/slicing/sql_slice_names.h"
#include "tfxm/statistics/statistics_file.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {

using statistics::StatisticsAccumulator;
using statistics::StatsOptions;

StatisticsStep ToProto(const StatsOptions& options) {
  // Names all members, so that this does not compile if there is one more: it has to go into the message, too.
  const auto& [weight_feature, feature_allowlist, schema, num_top_values, num_rank_histogram_buckets,
               frequency_threshold, weighted_frequency_threshold, num_values_histogram_buckets, num_histogram_buckets,
               num_quantiles_histogram_buckets, slices, slice_functions, slice_sqls, sample_rate, max_distinct_numbers,
               max_distinct_strings, max_distinct_string_bytes, per_feature_weight_override, label_feature,
               enable_semantic_domain_stats, semantic_domain_stats_sample_rate, feature_crosses, cross_all_features,
               add_default_generators, infer_type_from_schema] = options;
  StatisticsStep step;
  step.set_weight_feature(weight_feature);
  for (const std::string& feature : feature_allowlist) step.add_feature_allowlist(feature);
  if (schema) *step.mutable_schema() = *schema;
  step.set_num_top_values(num_top_values);
  step.set_num_rank_histogram_buckets(num_rank_histogram_buckets);
  step.set_frequency_threshold(frequency_threshold);
  step.set_weighted_frequency_threshold(weighted_frequency_threshold);
  step.set_num_values_histogram_buckets(num_values_histogram_buckets);
  step.set_num_histogram_buckets(num_histogram_buckets);
  step.set_num_quantiles_histogram_buckets(num_quantiles_histogram_buckets);
  for (const statistics::SliceFeatures& features : slices) {
    StatisticsStep::Slices* const to = step.add_slices();
    for (const auto& [name, values] : features) {
      StatisticsStep::Feature* const feature = to->add_features();
      feature->set_name(name);
      for (const std::string& value : values) feature->add_values(value);
    }
  }
  step.set_sample_rate(sample_rate);
  step.set_max_distinct_numbers(max_distinct_numbers);
  step.set_max_distinct_strings(max_distinct_strings);
  step.set_max_distinct_string_bytes(max_distinct_string_bytes);
  // slice_functions are made of them again; infer_type_from_schema is for CSV.
  step.mutable_slice_sqls()->Add(slice_sqls.begin(), slice_sqls.end());
  step.mutable_per_feature_weight_override()->insert(per_feature_weight_override.begin(),
                                                     per_feature_weight_override.end());
  step.set_label_feature(label_feature);
  step.set_enable_semantic_domain_stats(enable_semantic_domain_stats);
  step.set_semantic_domain_stats_sample_rate(semantic_domain_stats_sample_rate);
  for (const auto& [first, second] : feature_crosses) {
    StatisticsStep::FeatureCross* const cross = step.add_feature_crosses();
    cross->set_first(first);
    cross->set_second(second);
  }
  step.set_cross_all_features(cross_all_features);
  step.set_add_default_generators(add_default_generators);
  return step;
}

absl::StatusOr<StatsOptions> ToOptions(const StatisticsStep& step) {
  StatsOptions options;
  options.weight_feature = step.weight_feature();
  options.feature_allowlist.assign(step.feature_allowlist().begin(), step.feature_allowlist().end());
  if (step.has_schema()) options.schema = step.schema();
  const auto set = [](bool given, auto value, auto* option) {
    if (given) *option = value;
  };
  set(step.has_num_top_values(), step.num_top_values(), &options.num_top_values);
  set(step.has_num_rank_histogram_buckets(), step.num_rank_histogram_buckets(), &options.num_rank_histogram_buckets);
  set(step.has_frequency_threshold(), step.frequency_threshold(), &options.frequency_threshold);
  set(step.has_weighted_frequency_threshold(), step.weighted_frequency_threshold(),
      &options.weighted_frequency_threshold);
  set(step.has_num_values_histogram_buckets(), step.num_values_histogram_buckets(),
      &options.num_values_histogram_buckets);
  set(step.has_num_histogram_buckets(), step.num_histogram_buckets(), &options.num_histogram_buckets);
  set(step.has_num_quantiles_histogram_buckets(), step.num_quantiles_histogram_buckets(),
      &options.num_quantiles_histogram_buckets);
  for (const StatisticsStep::Slices& slices : step.slices()) {
    statistics::SliceFeatures& features = options.slices.emplace_back();
    for (const StatisticsStep::Feature& feature : slices.features()) {
      features[feature.name()].assign(feature.values().begin(), feature.values().end());
    }
  }
  set(step.has_sample_rate(), step.sample_rate(), &options.sample_rate);
  set(step.has_max_distinct_numbers(), step.max_distinct_numbers(), &options.max_distinct_numbers);
  set(step.has_max_distinct_strings(), step.max_distinct_strings(), &options.max_distinct_strings);
  set(step.has_max_distinct_string_bytes(), step.max_distinct_string_bytes(), &options.max_distinct_string_bytes);
  options.slice_sqls.assign(step.slice_sqls().begin(), step.slice_sqls().end());
  for (const std::string& sql : options.slice_sqls) {
    ASSIGN_OR_RETURN(options.slice_functions.emplace_back(), model_analysis::SqlSliceNames(sql));
  }
  options.per_feature_weight_override.insert(step.per_feature_weight_override().begin(),
                                             step.per_feature_weight_override().end());
  options.label_feature = step.label_feature();
  options.enable_semantic_domain_stats = step.enable_semantic_domain_stats();
  set(step.has_semantic_domain_stats_sample_rate(), step.semantic_domain_stats_sample_rate(),
      &options.semantic_domain_stats_sample_rate);
  for (const StatisticsStep::FeatureCross& cross : step.feature_crosses()) {
    options.feature_crosses.emplace_back(cross.first(), cross.second());
  }
  options.cross_all_features = step.cross_all_features();
  set(step.has_add_default_generators(), step.add_default_generators(), &options.add_default_generators);
  return options;
}

absl::StatusOr<std::unique_ptr<StatisticsPass>> StatisticsPass::Make(const PassRequest& request,
                                                                     const std::string& output) {
  ASSIGN_OR_RETURN(const StatsOptions options, ToOptions(request.statistics()));
  // Says what is wrong with the options.
  RETURN_IF_ERROR(statistics::GenerateStatistics(std::vector<std::string>(), options).status());
  const int64_t shard_bytes = request.shard_bytes() > 0 ? request.shard_bytes() : compute::kShardBytes;
  return std::unique_ptr<StatisticsPass>(new StatisticsPass(options, shard_bytes, output));
}

absl::StatusOr<std::string> StatisticsPass::Map(const compute::Shard& shard, int64_t* num_examples) {
  compute::PassOptions pass;
  pass.keep_records = total_.needs_records();
  pass.sequence_examples = true;
  pass.shard_bytes = shard_bytes_;
  ASSIGN_OR_RETURN(const StatisticsAccumulator of_shard,
                   compute::AccumulateShard<StatisticsAccumulator>(shard, [this] { return total_.MakeEmpty(); }, pass));
  *num_examples = of_shard.num_examples();
  StateWriter writer;
  of_shard.Save(&writer);
  return writer.bytes();
}

absl::Status StatisticsPass::Merge(const compute::Shard& shard, StateReader* values) {
  StatisticsAccumulator of_shard = total_.MakeEmpty();
  of_shard.Load(values);
  RETURN_IF_ERROR(values->Finish());
  return shards_.Add(std::move(of_shard), shard, &total_);
}

absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> StatisticsPass::Statistics() {
  RETURN_IF_ERROR(shards_.MergeInto(&total_));
  return total_.Finish();
}

absl::Status StatisticsPass::Finish() {
  ASSIGN_OR_RETURN(const auto result, Statistics());
  return statistics::WriteStatistics(output_, result);
}

}  // namespace tfxm::distribution
