// SPDX-License-Identifier: Apache-2.0

// Domains of a feature: whether statistics suggest one, and whether they fit the one the schema has.
//
// The Fit functions report what does not fit and widen the domain so that it does, which is what an updated schema then
// holds. Rules and texts: TFDV 1.15's {string,int,float,bool}_domain_util.cc.
#ifndef TFXM_STATISTICS_SCHEMA_DOMAINS_H_
#define TFXM_STATISTICS_SCHEMA_DOMAINS_H_

#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tfxm/statistics/validate/finding.h"
#include "tfxm/statistics/validate/statistics_view.h"

namespace tfxm::statistics {

struct DomainFit {
  Findings findings;
  bool remove_domain = false;  // No domain of this kind fits.
};

// Integers 0 and 1, with a 1; or at most one of "true", "1", "SET", … and one of "false", "0", "CLEAR", ….
bool SuggestsBoolDomain(const FeatureView& feature);
tensorflow::metadata::v0::BoolDomain InferBoolDomain(const FeatureView& feature);
// Strings that are all integers.
bool SuggestsIntDomain(const FeatureView& feature);
// Valid UTF-8, and at most max_size different ones.
bool SuggestsStringDomain(const FeatureView& feature, int max_size);

// Adds to the domain the strings it lacks, sorted; reports them if they are more than max_off_domain of all values.
DomainFit FitStringDomain(const FeatureView& feature, double max_off_domain,
                          tensorflow::metadata::v0::StringDomain* domain);
DomainFit FitIntDomain(const FeatureView& feature, tensorflow::metadata::v0::IntDomain* domain);
DomainFit FitFloatDomain(const FeatureView& feature, tensorflow::metadata::v0::FloatDomain* domain);
// The schema feature must have a bool_domain; it may become an int_domain or float_domain.
Findings FitBoolDomain(const FeatureView& feature, tensorflow::metadata::v0::Feature* schema_feature);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_SCHEMA_DOMAINS_H_
