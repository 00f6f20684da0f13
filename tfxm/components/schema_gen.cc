// SPDX-License-Identifier: Apache-2.0

// SchemaGen: one schema for all splits, inferred from the first and widened by the others.
#include <algorithm>
#include <optional>
#include <vector>

#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

class SchemaGenExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* statistics, SingleArtifact(inputs, "statistics"));
    ASSIGN_OR_RETURN(Artifact* const output, SingleArtifact(outputs, "schema"));
    ASSIGN_OR_RETURN(const std::vector<std::string> splits, IncludedSplits(*statistics, exec_properties));
    std::vector<DatasetFeatureStatisticsList> of_splits;
    for (const std::string& split : splits) {
      ASSIGN_OR_RETURN(of_splits.emplace_back(), ReadSplitStatistics(*statistics, split));
    }
    // In a split without examples (--allow_empty_splits) all features would have gone.
    const auto is_empty = [](const DatasetFeatureStatisticsList& of_split) {
      return of_split.datasets_size() == 0 || of_split.datasets(0).num_examples() == 0;
    };
    if (!std::ranges::all_of(of_splits, is_empty)) std::erase_if(of_splits, is_empty);
    std::optional<tensorflow::metadata::v0::Schema> schema;
    for (const DatasetFeatureStatisticsList& split_statistics : of_splits) {
      if (schema) {
        ASSIGN_OR_RETURN(schema, statistics::UpdateSchema(*schema, split_statistics));
      } else {
        ASSIGN_OR_RETURN(schema,
                         statistics::InferSchema(
                             split_statistics,
                             {.infer_feature_shape = IntPropertyOr(exec_properties, "infer_feature_shape", 1) != 0}));
      }
    }
    if (!schema) return absl::InvalidArgumentError("every split is excluded: there is nothing to infer a schema from");
    return statistics::WriteSchema(io::JoinPath(output->uri, kSchemaFile), *schema);
  }
};

// ImportSchemaGen: a schema that a person curates.
class ImportSchemaGenExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const std::string file, StringProperty(exec_properties, "schema_file"));
    ASSIGN_OR_RETURN(Artifact* const output, SingleArtifact(outputs, "schema"));
    ASSIGN_OR_RETURN(const auto schema, statistics::ReadSchema(file));
    return statistics::WriteSchema(io::JoinPath(output->uri, kSchemaFile), schema);
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.schema_gen.executor.Executor",
              [] { return std::make_unique<SchemaGenExecutor>(); });
TFXM_REGISTER(ExecutorRegistry, "tfx.components.schema_gen.import_schema_gen.executor.Executor",
              [] { return std::make_unique<ImportSchemaGenExecutor>(); });

}  // namespace
}  // namespace tfxm
