// SPDX-License-Identifier: Apache-2.0

// TFMA's messages as the structs of evaluation.h. Used by evaluation_reader.cc alone.
#ifndef TFXM_REPORT_EVALUATION_PROTO_VALUES_H_
#define TFXM_REPORT_EVALUATION_PROTO_VALUES_H_

#include <string>
#include <utility>
#include <vector>

#include "tensorflow_model_analysis/proto/metrics_for_slice.pb.h"
#include "tfxm/report/evaluation/evaluation.h"

namespace tfxm::report {

// In the order of the features' names, as TFMA compares slices.
std::vector<std::pair<std::string, SliceValue>> ToSliceValues(const ::tensorflow_model_analysis::SliceKey& key);
Key ToKey(const ::tensorflow_model_analysis::MetricKey& key);
Key ToKey(const ::tensorflow_model_analysis::PlotKey& key);
// The value, and the interval if the value itself has one; the key is left empty.
Metric ToMetric(const ::tensorflow_model_analysis::MetricValue& value);
Interval ToInterval(const ::tensorflow_model_analysis::ConfidenceInterval& interval);
Plot ToPlot(const ::tensorflow_model_analysis::PlotData& data);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_EVALUATION_PROTO_VALUES_H_
