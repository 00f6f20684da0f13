// SPDX-License-Identifier: Apache-2.0

// SchemaGen: one schema for all splits, inferred from the first and widened by the others.
#include <optional>

#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

class SchemaGenExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* statistics, SingleArtifact(inputs, "statistics"));
    ASSIGN_OR_RETURN(Artifact* const output, SingleArtifact(outputs, "schema"));
    ASSIGN_OR_RETURN(const std::vector<std::string> splits, IncludedSplits(*statistics, exec_properties));
    std::optional<tensorflow::metadata::v0::Schema> schema;
    for (const std::string& split : splits) {
      ASSIGN_OR_RETURN(const auto split_statistics, ReadSplitStatistics(*statistics, split));
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
