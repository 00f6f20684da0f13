// SPDX-License-Identifier: Apache-2.0

#ifndef TFXM_STATISTICS_VALIDATE_DIFF_REGIONS_H_
#define TFXM_STATISTICS_VALIDATE_DIFF_REGIONS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/anomalies.pb.h"

namespace tfxm::statistics {

// How the lines of two texts differ: what is removed, added or changed, with up to three lines that are the same around
// it; the others are hidden. Lines count from 1. None if the texts are the same.
//
// Few lines differ between a schema and the one that would fit; where the parts that differ are large (their product
// beyond a million), they are one region that is changed.
std::vector<tensorflow::metadata::v0::DiffRegion> DiffRegions(absl::string_view left, absl::string_view right);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_VALIDATE_DIFF_REGIONS_H_
