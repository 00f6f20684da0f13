// SPDX-License-Identifier: Apache-2.0

// ExampleValidator: every split's statistics against the schema.
#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/data/examples.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

class ExampleValidatorExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* statistics, SingleArtifact(inputs, "statistics"));
    ASSIGN_OR_RETURN(const auto schema, ReadSchemaArtifact(inputs));
    ASSIGN_OR_RETURN(Artifact* const output, SingleArtifact(outputs, "anomalies"));
    ASSIGN_OR_RETURN(const std::vector<std::string> splits, IncludedSplits(*statistics, exec_properties));
    google::protobuf::Struct blessed;  // By split, 1 or 0.
    std::vector<std::string> found;
    for (const std::string& split : splits) {
      ASSIGN_OR_RETURN(const auto split_statistics, ReadSplitStatistics(*statistics, split));
      ASSIGN_OR_RETURN(const auto anomalies, statistics::ValidateStatistics(split_statistics, schema));
      const std::string dir = data::SplitDir(output->uri, split);
      RETURN_IF_ERROR(io::MakeDirs(dir));
      RETURN_IF_ERROR(io::WriteBinaryProto(io::JoinPath(dir, "SchemaDiff.pb"), anomalies));
      const bool ok =
          anomalies.anomaly_info().empty() && !anomalies.has_dataset_anomaly_info() && !anomalies.data_missing();
      (*blessed.mutable_fields())[split].set_number_value(ok ? 1 : 0);
      for (const auto& [path, info] : anomalies.anomaly_info()) {
        found.push_back(absl::StrCat(split, ": ", path, ": ", info.short_description()));
      }
    }
    CopySplitsAndSpan(*statistics, splits, output);
    // A dictionary in a property, as ML Metadata encodes it.
    output->custom_properties["blessed"] =
        absl::StrCat("mlmd-struct::", absl::Base64Escape(io::SerializeDeterministically(blessed)));
    context.progress(found.empty() ? std::string("no anomalies")
                                   : absl::StrCat(found.size(), " anomalies: ", absl::StrJoin(found, "; ")),
                     1);
    return absl::OkStatus();
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.example_validator.executor.Executor",
              [] { return std::make_unique<ExampleValidatorExecutor>(); });

}  // namespace
}  // namespace tfxm
