// SPDX-License-Identifier: Apache-2.0

// A PostgreSQL server for tests: the one that python/tests/stores/with_postgresql.py has started and thrown away
// afterwards (`make scale`). Elsewhere there is none, and tests that need one are not made.
//
//   INSTANTIATE_TEST_SUITE_P(Postgresql, MetadataStoreTest,
//                            HasTestServer() ? ::testing::Values(…) : …);
//   const std::string path = NewTestDatabase();   // postgresql://…/tfxm_test_4711_3
#ifndef TFXM_TESTING_POSTGRESQL_H_
#define TFXM_TESTING_POSTGRESQL_H_

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

namespace tfxm {

inline bool HasTestServer() { return std::getenv("TFXM_TEST_POSTGRESQL") != nullptr; }

// The URI of a database that does not exist yet. Only where there is a server.
inline std::string NewTestDatabase() {
  static std::atomic<int> count = 0;
  return std::getenv("TFXM_TEST_POSTGRESQL") + ("/tfxm_test_" + std::to_string(getpid())) + "_" +
         std::to_string(++count);
}

}  // namespace tfxm

#endif  // TFXM_TESTING_POSTGRESQL_H_
