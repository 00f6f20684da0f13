// SPDX-License-Identifier: Apache-2.0

// A schema as text (part 0), statistics checked with it (1), those of an earlier span (2) and of serving data (3): what
// `tfxm schema` and `tfxm validate` do with them.
#include "fuzz/input.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/schema/text_proto.h"
#include "tfxm/statistics/statistics_display.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/util/io.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace stats = tfxm::statistics;
  tensorflow::metadata::v0::Schema schema;
  tensorflow::metadata::v0::DatasetFeatureStatisticsList statistics[3];
  for (const auto& [kind, content] : tfxm::fuzz::Parts(tfxm::fuzz::Text(data, size))) {
    if (kind == 0) {
      if (!tfxm::io::ParseTextProto(content, &schema).ok()) return 0;
    } else if (kind <= 3) {
      if (!statistics[kind - 1].ParseFromArray(content.data(), static_cast<int>(content.size()))) return 0;
    }
  }
  tensorflow::metadata::v0::Schema again;
  if (!tfxm::io::ParseTextProto(stats::PrintAsPython(schema), &again).ok()) abort();
  stats::SchemaText(schema, 60);
  stats::StatisticsText(statistics[0], "", 60);
  stats::InferSchema(statistics[0]).IgnoreError();
  const auto anomalies = stats::ValidateStatistics(
      statistics[0], schema,
      {.previous_span = &statistics[1], .previous_version = &statistics[1], .serving = &statistics[2]});
  if (anomalies.ok()) stats::AnomaliesText(*anomalies, 60);
  stats::UpdateSchema(schema, statistics[0]).IgnoreError();
  return 0;
}
