// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/schema/roles.h"

namespace tfxm::statistics {

using tensorflow::metadata::v0::Feature;

Role RoleOf(const Feature& feature) {
  switch (feature.domain_info_case()) {
    case Feature::kImageDomain: return Role::kBytes;
    case Feature::kBoolDomain:
    case Feature::kNaturalLanguageDomain:
      return feature.type() == tensorflow::metadata::v0::INT ? Role::kCategoricalInt : Role::kPlain;
    case Feature::kIntDomain:
      return feature.type() == tensorflow::metadata::v0::INT && feature.int_domain().is_categorical()
                 ? Role::kCategoricalInt
                 : Role::kPlain;
    case Feature::kFloatDomain:
      return feature.type() == tensorflow::metadata::v0::FLOAT && feature.float_domain().is_categorical()
                 ? Role::kCategoricalFloat
                 : Role::kPlain;
    default: return Role::kPlain;
  }
}

bool IsCategorical(const Feature& feature) {
  const Role role = RoleOf(feature);
  return feature.type() == tensorflow::metadata::v0::BYTES || role == Role::kCategoricalInt ||
         role == Role::kCategoricalFloat;
}

}  // namespace tfxm::statistics
