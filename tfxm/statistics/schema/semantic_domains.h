// SPDX-License-Identifier: Apache-2.0

// Domains that say what values mean: images and natural language. What statistics suggest, and whether they fit the
// domain that the schema has.
//
// The Fit functions report what does not fit and loosen the domain so that it does. Rules and texts: TFDV 1.15's
// {image,natural_language,custom}_domain_util.cc.
#ifndef TFXM_STATISTICS_SCHEMA_SEMANTIC_DOMAINS_H_
#define TFXM_STATISTICS_SCHEMA_SEMANTIC_DOMAINS_H_

#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/statistics/validate/finding.h"
#include "tfxm/statistics/validate/statistics_view.h"

namespace tfxm::statistics {

// Takes the domain that the custom statistic domain_info has as text, as "image_domain {}". False, and nothing is
// changed, if the feature has a domain, if there is no such statistic or several, or if it is not one domain.
bool InferSemanticDomain(const FeatureView& view, tensorflow::metadata::v0::Feature* feature);

// The schema feature must have an image_domain. minimum_supported_image_fraction needs the semantic domain statistics
// (StatsOptions.enable_semantic_domain_stats); without them it is not checked.
Findings FitImageDomain(const FeatureView& view, tensorflow::metadata::v0::Feature* feature);

// The schema feature must have a natural_language_domain. Its constraints are checked against the custom statistic
// nl_statistics, which TFDV computes with vocab_paths; without it they are reported as STATS_NOT_AVAILABLE and dropped.
Findings FitNaturalLanguageDomain(const FeatureView& view, tensorflow::metadata::v0::Feature* feature);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_SCHEMA_SEMANTIC_DOMAINS_H_
