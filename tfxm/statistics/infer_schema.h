// SPDX-License-Identifier: Apache-2.0

// A schema from statistics, as tfdv.infer_schema makes it, and a schema widened to fit statistics (tfdv.update_schema).
//
//   ASSIGN_OR_RETURN(Schema schema, InferSchema(statistics));
//   RETURN_IF_ERROR(WriteSchema("schema.pbtxt", schema));
//
// Per feature: its type; presence (min_count 1, and min_fraction 1 if no example lacks it); a shape if every example
// has as many values, else a value_count; a domain. The domain is a bool_domain for integers 0 and 1 and strings like
// "true" and "false", an int_domain for strings that are all integers, and a string domain named like the feature for
// strings that are UTF-8 and few (none of more than 1,000 bytes, where TFDV has no limit). Features come in the
// statistics' order.
#ifndef TFXM_STATISTICS_INFER_SCHEMA_H_
#define TFXM_STATISTICS_INFER_SCHEMA_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"

namespace tfxm::statistics {

struct InferSchemaOptions {
  // A fixed shape where every example has as many values; else always a value_count.
  bool infer_feature_shape = true;
  // Strings with more different values get no domain.
  int max_string_domain_size = 100;
};

// INVALID_ARGUMENT if there are several datasets and none of all examples.
absl::StatusOr<tensorflow::metadata::v0::Schema> InferSchema(
    const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics, const InferSchemaOptions& options = {});

// `schema` with every anomaly that ValidateStatistics finds resolved in favour of the data: constraints widened, new
// features added (without a shape), missing or mistyped ones deprecated.
absl::StatusOr<tensorflow::metadata::v0::Schema> UpdateSchema(
    const tensorflow::metadata::v0::Schema& schema,
    const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics, int max_string_domain_size = 100);

// schema.pbtxt, byte for byte as tfdv.write_schema_text writes it. Errors name the file and, for an ill-formed one,
// line and column.
absl::StatusOr<tensorflow::metadata::v0::Schema> ReadSchema(absl::string_view path);
absl::Status WriteSchema(absl::string_view path, const tensorflow::metadata::v0::Schema& schema);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_INFER_SCHEMA_H_
