// SPDX-License-Identifier: Apache-2.0

// What libtfxm_postgresql.so registers as "libpq" (util/registry.h).
#ifndef TFXM_METADATA_INTERNAL_POSTGRESQL_DRIVER_H_
#define TFXM_METADATA_INTERNAL_POSTGRESQL_DRIVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tfxm/metadata/postgresql.h"
#include "tfxm/util/registry.h"

namespace tfxm::postgresql {

// What to connect to, and its name in messages.
struct Server {
  ml_metadata::PostgreSQLDatabaseConfig config;
  std::string uri;
};

class Driver {
 public:
  virtual ~Driver() = default;
  virtual absl::StatusOr<std::unique_ptr<database::Database>> Open(const Server& server, database::Mode mode) const = 0;
  virtual absl::StatusOr<std::unique_ptr<Lock>> Acquire(const Server& server, const std::string& pipeline) const = 0;
};

using DriverRegistry = Registry<Driver>;

}  // namespace tfxm::postgresql

#endif  // TFXM_METADATA_INTERNAL_POSTGRESQL_DRIVER_H_
