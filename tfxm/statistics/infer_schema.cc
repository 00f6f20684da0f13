// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/infer_schema.h"

#include "tfxm/statistics/schema/fit_schema.h"
#include "tfxm/statistics/schema/text_proto.h"
#include "tfxm/statistics/validate/statistics_view.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::statistics {

using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Schema;

absl::StatusOr<Schema> InferSchema(const DatasetFeatureStatisticsList& statistics, const InferSchemaOptions& options) {
  ASSIGN_OR_RETURN(const DatasetFeatureStatistics* dataset, DefaultDataset(statistics));
  return FitSchema(
      Schema(), *dataset, FitContext(),
      {.infer_shape = options.infer_feature_shape, .max_string_domain_size = options.max_string_domain_size});
}

absl::StatusOr<Schema> UpdateSchema(const Schema& schema, const DatasetFeatureStatisticsList& statistics,
                                    int max_string_domain_size) {
  ASSIGN_OR_RETURN(const DatasetFeatureStatistics* dataset, DefaultDataset(statistics));
  return FitSchema(schema, *dataset, FitContext(), {.max_string_domain_size = max_string_domain_size});
}

absl::StatusOr<Schema> ReadSchema(absl::string_view path) {
  Schema schema;
  RETURN_IF_ERROR(io::ReadTextProto(path, &schema));
  return schema;
}

absl::Status WriteSchema(absl::string_view path, const Schema& schema) {
  return io::WriteFile(path, PrintAsPython(schema));
}

}  // namespace tfxm::statistics
