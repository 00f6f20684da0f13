// SPDX-License-Identifier: Apache-2.0

// ExampleDiff: how the features of paired examples of two data sets differ.
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfx/proto/example_diff.pb.h"
#include "tfxm/components/compare/internal/feature_skew.h"
#include "tfxm/components/compare/split_pairs.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

// TFX's, which Apache Beam numbers so when there is one.
constexpr char kOneFile[] = "-00000-of-00001";

template <typename Messages>
absl::Status WriteRecords(const std::string& path, const Messages& messages) {
  ASSIGN_OR_RETURN(const auto writer, data::TFRecordWriter::Create(absl::StrCat(path, kOneFile)));
  for (const auto& message : messages) RETURN_IF_ERROR(writer->Write(io::SerializeDeterministically(message)));
  return writer->Close();
}

class ExampleDiffExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* test, SingleArtifact(inputs, "examples"));
    ASSIGN_OR_RETURN(const Artifact* base, SingleArtifact(inputs, "baseline_examples"));
    ASSIGN_OR_RETURN(Artifact* const output, SingleArtifact(outputs, "example_diff_result"));
    tfx::components::example_diff::ExampleDiffConfig config;
    ASSIGN_OR_RETURN(const std::string json, StringProperty(exec_properties, "example_diff_config"));
    RETURN_IF_ERROR(Annotate(io::ParseJson(json, &config), "example_diff_config"));
    if (!config.has_paired_example_skew()) {
      return absl::InvalidArgumentError(
          "example_diff_config has no paired_example_skew; give it one with identifier_features");
    }
    ASSIGN_OR_RETURN(const auto pairs, SplitPairs(*test, *base, exec_properties, /*only_same_names=*/false));
    std::vector<std::string> differences;
    uint64_t num_pairs = 0;
    for (const auto& [test_split, base_split] : pairs) {
      const std::string name = absl::StrCat(test_split, "_", base_split);
      context.progress(name, -1);
      ASSIGN_OR_RETURN(const auto test_files, FilesOfSplits(*test, {test_split}, "include_split_pairs says which"));
      ASSIGN_OR_RETURN(const auto base_files, FilesOfSplits(*base, {base_split}, "include_split_pairs says which"));
      absl::StatusOr<FeatureSkewResults> results =
          DetectFeatureSkew(base_files, test_files, config.paired_example_skew());
      if (!results.ok()) return Annotate(results.status(), name);
      RETURN_IF_ERROR(Write(*results, config, io::JoinPath(output->uri, absl::StrCat("SplitPair-", name))));
      num_pairs += results->match_stats.matching_pairs_count();
      for (const auto& [feature, skew] : results->features) {
        if (skew.diff_count() > 0) differences.push_back(absl::StrCat(name, ": ", feature, " ", skew.diff_count()));
      }
    }
    context.progress(absl::StrCat(num_pairs, " pairs; ",
                                  differences.empty() ? "no differences"
                                                      : absl::StrCat("different: ", absl::StrJoin(differences, ", "))),
                     1);
    return absl::OkStatus();
  }

 private:
  static absl::Status Write(const FeatureSkewResults& results,
                            const tfx::components::example_diff::ExampleDiffConfig& config, const std::string& dir) {
    RETURN_IF_ERROR(io::MakeDirs(dir));
    std::vector<tensorflow::data_validation::FeatureSkew> features;
    for (const auto& [name, skew] : results.features) features.push_back(skew);
    RETURN_IF_ERROR(WriteRecords(io::JoinPath(dir, "skew_stats"), features));
    RETURN_IF_ERROR(WriteRecords(io::JoinPath(dir, "sample_pairs"), results.sample));
    RETURN_IF_ERROR(WriteRecords(io::JoinPath(dir, "match_stats"), std::vector{results.match_stats}));
    if (config.paired_example_skew().confusion_config().empty()) return absl::OkStatus();
    return WriteRecords(io::JoinPath(dir, "confusion"), results.confusion);
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.example_diff.executor.Executor",
              [] { return std::make_unique<ExampleDiffExecutor>(); });

}  // namespace
}  // namespace tfxm
