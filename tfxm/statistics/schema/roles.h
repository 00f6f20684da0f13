// SPDX-License-Identifier: Apache-2.0

// What a schema says of a feature's values, apart from their type: TFDV's schema_util.
#ifndef TFXM_STATISTICS_SCHEMA_ROLES_H_
#define TFXM_STATISTICS_SCHEMA_ROLES_H_

#include "tensorflow_metadata/proto/v0/schema.pb.h"

namespace tfxm::statistics {

enum class Role {
  kPlain,
  // Numbers that stand for categories: string statistics instead of numeric ones, if the data are of the schema's type.
  kCategoricalInt,
  kCategoricalFloat,
  kBytes,  // Strings that are opaque: bytes statistics instead of string ones.
};

Role RoleOf(const tensorflow::metadata::v0::Feature& feature);
// Strings, and the numbers that stand for categories.
bool IsCategorical(const tensorflow::metadata::v0::Feature& feature);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_SCHEMA_ROLES_H_
