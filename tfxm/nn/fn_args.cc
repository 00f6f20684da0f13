// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/fn_args.h"

#include "absl/strings/str_join.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/data/examples.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {

DataAccessor MakeDataAccessor() {
  return {.tf_dataset_factory = [](const std::vector<std::string>& file_pattern, const nn::DatasetOptions& options,
                                   const tensorflow::metadata::v0::Schema& schema) -> absl::StatusOr<nn::Dataset> {
    ASSIGN_OR_RETURN(std::vector<std::string> files, data::MatchFiles(absl::StrJoin(file_pattern, ",")));
    std::vector<std::string> required = options.label_keys;
    if (!options.label_key.empty()) required.push_back(options.label_key);
    if (!options.weight_key.empty()) required.push_back(options.weight_key);
    std::erase_if(required, [&](const std::string& name) { return options.padded_shapes.count(name) > 0; });
    ASSIGN_OR_RETURN(std::vector<nn::FeatureSpec> features, nn::FeatureSpecs(schema, required));
    return nn::Dataset::FromExamples(std::move(files), std::move(features), options);
  }};
}

}  // namespace tfxm
