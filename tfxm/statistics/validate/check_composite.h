// SPDX-License-Identifier: Apache-2.0

// Statistics of a schema's sparse and weighted features (generate/composite_generator.h) against it: parts that are
// missing, parts of different lengths, names that are those of other features. Rules and texts: TFDV 1.15's schema.cc.
#ifndef TFXM_STATISTICS_VALIDATE_CHECK_COMPOSITE_H_
#define TFXM_STATISTICS_VALIDATE_CHECK_COMPOSITE_H_

#include <map>

#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/statistics/schema/feature_path.h"
#include "tfxm/statistics/validate/finding.h"

namespace tfxm::statistics {

// What is wrong with the schema's sparse and weighted features, by path; no entry where nothing is. Each that does not
// fit becomes deprecated, as does a feature with the name of one. Statistics of sparse or weighted features that the
// schema does not have say nothing.
std::map<FeaturePath, Findings> CheckComposites(const tensorflow::metadata::v0::DatasetFeatureStatistics& dataset,
                                                tensorflow::metadata::v0::Schema* schema);

// Whether the statistics at this path are a sparse or weighted feature's, so that they are not checked as a feature's.
bool IsComposite(const FeaturePath& path, const tensorflow::metadata::v0::Schema& schema);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_VALIDATE_CHECK_COMPOSITE_H_
