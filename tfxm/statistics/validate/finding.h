// SPDX-License-Identifier: Apache-2.0

#ifndef TFXM_STATISTICS_VALIDATE_FINDING_H_
#define TFXM_STATISTICS_VALIDATE_FINDING_H_

#include <string>
#include <vector>

#include "tensorflow_metadata/proto/v0/anomalies.pb.h"

namespace tfxm::statistics {

// One way in which statistics do not fit a schema: what becomes AnomalyInfo.Reason. The texts are TFDV's.
struct Finding {
  tensorflow::metadata::v0::AnomalyInfo::Type type;
  std::string short_description;
  std::string description;
};
using Findings = std::vector<Finding>;

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_VALIDATE_FINDING_H_
