// SPDX-License-Identifier: Apache-2.0

// Stores at postgresql://…: their addresses; and, where there is a server (tfxm/testing/postgresql.h), what is not as in
// a file. The contract that both keep is in metadata_store_test.cc.
#include "tfxm/metadata/postgresql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tfxm/metadata/metadata_store.h"
#include "tfxm/metadata/run_lock.h"
#include "tfxm/testing/postgresql.h"
#include "tfxm/testing/status_matchers.h"

namespace tfxm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(PostgresqlUriTest, IsReadAndWrittenAsLibpqHasIt) {
  for (const char* const uri : {"postgresql://ada@db.example:5433/mlmd?sslmode=verify-full",
                                "postgresql://%2Frun%2Fpostgresql/mlmd", "postgresql:///mlmd", "postgresql:///",
                                "postgresql://a%40b@h/team%20one?hostaddr=10.0.0.1&passfile=%2Fetc%2Fpgpass&sslcert=c",
                                "postgresql://h/m?skip_db_creation=true"}) {
    const auto config = postgresql::ParseUri(uri);
    ASSERT_THAT(config, IsOk()) << uri;
    EXPECT_EQ(*postgresql::ToUri(*config), uri);
  }
  const auto config = *postgresql::ParseUri("postgres://ada%21@[::1]:5433/mlmd");
  EXPECT_EQ(config.user(), "ada!");
  EXPECT_EQ(config.host(), "::1");
  EXPECT_EQ(config.port(), "5433");
  EXPECT_EQ(config.dbname(), "mlmd");
}

TEST(PostgresqlUriTest, APasswordIsRefusedAndNotRepeated) {
  for (const char* const uri : {"postgresql://ada:hunter2@h/m", "postgresql://h/m?password=hunter2"}) {
    const absl::Status status = MetadataStore::Open(uri).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("PGPASSWORD"));
    EXPECT_THAT(status.message(), Not(HasSubstr("hunter2")));
  }
  ml_metadata::PostgreSQLDatabaseConfig config;
  config.set_password("hunter2");
  EXPECT_THAT(postgresql::ToUri(config), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("PGPASSWORD")));
}

TEST(PostgresqlUriTest, WhatIsNotOneIsAnError) {
  const auto message = [](const char* uri) { return std::string(postgresql::ParseUri(uri).status().message()); };
  EXPECT_THAT(message("postgresql://h:70000/m"), HasSubstr("is not a port"));
  EXPECT_THAT(message("postgresql://a,b/m"), HasSubstr("more than one host"));
  EXPECT_THAT(message("postgresql://h/m?sslmod=x"), HasSubstr("there are hostaddr"));
  EXPECT_THAT(message("postgresql://h/m%0"), HasSubstr("hexadecimal"));
  EXPECT_THAT(message("postgresql://h/m%00"), HasSubstr("hexadecimal"));
  EXPECT_FALSE(postgresql::IsUri("runs/postgresql://x"));
}

TEST(PostgresqlUriTest, AServerThatIsNotThereIsNamed) {
  const absl::Status status = MetadataStore::Open("postgresql://127.0.0.1:1/mlmd").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("postgresql"));
}

// The server's tests are those named Postgresql/…, as the contract's are (`make scale`).
class PostgresqlTest : public ::testing::TestWithParam<bool> {
 protected:
  const std::string database_ = HasTestServer() ? NewTestDatabase() : "";
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PostgresqlTest);
INSTANTIATE_TEST_SUITE_P(Postgresql, PostgresqlTest,
                         ::testing::ValuesIn(HasTestServer() ? std::vector<bool>{true} : std::vector<bool>{}));

ml_metadata::ArtifactType Type(const std::string& name) {
  ml_metadata::ArtifactType type;
  type.set_name(name);
  (*type.mutable_properties())["span"] = ml_metadata::INT;
  return type;
}

TEST_P(PostgresqlTest, ADatabaseIsOnlyMadeForWriting) {
  EXPECT_EQ(MetadataStore::Open(database_, database::Mode::kReadOnly).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(MetadataStore::Open(database_ + "?skip_db_creation=true").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(MetadataStore::Open(database_), IsOk());
  const auto reader = *MetadataStore::Open(database_, database::Mode::kReadOnly);
  EXPECT_EQ(reader->PutArtifactType(Type("A")).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_P(PostgresqlTest, LongTextIsKept) {
  const auto store = *MetadataStore::Open(database_);
  ml_metadata::Artifact artifact;
  artifact.set_type_id(*store->PutArtifactType(Type("A")));
  std::string text;  // Nothing that compression would make short.
  for (uint32_t i = 1; text.size() < 100'000; ++i) text += std::to_string(i * 2654435761u);
  (*artifact.mutable_custom_properties())["files"].set_string_value(text);
  ASSERT_THAT(store->PutArtifacts({artifact}), IsOk());
  EXPECT_EQ((*store->GetArtifacts())[0].custom_properties().at("files").string_value(), text);
}

TEST_P(PostgresqlTest, WhatMlMetadataCannotKeepIsAnErrorThatNamesTheProperty) {
  const auto store = *MetadataStore::Open(database_);
  ml_metadata::Artifact artifact;
  artifact.set_type_id(*store->PutArtifactType(Type("A")));
  (*artifact.mutable_properties())["span"].set_int_value(int64_t{1} << 40);
  absl::Status status = store->PutArtifacts({artifact}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("property \"span\" of Artifact"));
  (*artifact.mutable_properties())["span"].set_int_value(1);
  (*artifact.mutable_custom_properties())["note"].set_string_value(std::string("a\0b", 3));
  status = store->PutArtifacts({artifact}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("NUL"));
  EXPECT_TRUE(store->GetArtifacts()->empty());
}

// The dump is of a store that Python's ml_metadata 1.15.0 made: testdata/make_postgresql_dump.py.
TEST_P(PostgresqlTest, AStoreOfMlMetadataIsReadAndGoesOn) {
  {
    const auto db = *database::Open(database_, database::Mode::kReadWriteCreate);
    std::stringstream dump;
    dump << std::ifstream("tfxm/metadata/testdata/ml_metadata_postgresql.sql").rdbuf();
    ASSERT_THAT(db->Execute(dump.str()), IsOk());
  }
  const auto store = MetadataStore::Open(database_);
  ASSERT_THAT(store, IsOk());
  const auto artifacts = *(*store)->GetArtifactsByType("Examples");
  ASSERT_EQ(artifacts.size(), 1);
  EXPECT_EQ(artifacts[0].uri(), "/data/1");
  EXPECT_EQ(artifacts[0].properties().at("span").int_value(), 3);
  EXPECT_EQ(artifacts[0].custom_properties().at("note").string_value(), "hello");
  EXPECT_EQ(artifacts[0].custom_properties().at("weight").double_value(), 0.5);
  EXPECT_TRUE(artifacts[0].custom_properties().at("good").bool_value());
  const auto events = *(*store)->GetEventsByArtifactIDs({artifacts[0].id()});
  ASSERT_EQ(events.size(), 1);
  EXPECT_EQ(events[0].path().steps(0).key(), "examples");
  EXPECT_EQ(events[0].path().steps(1).index(), 0);
  EXPECT_EQ((*(*store)->GetContextsByExecution(events[0].execution_id()))[0].name(), "taxi");
  EXPECT_EQ((*store)->GetArtifactType("Examples")->base_type(), ml_metadata::ArtifactType::DATASET);
  EXPECT_THAT((*store)->PutArtifacts({artifacts[0]}), IsOk());
}

TEST_P(PostgresqlTest, WritersWaitForEachOther) {
  {
    ASSERT_THAT(MetadataStore::Open(database_), IsOk());
  }
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&, i] {
      const auto store = *MetadataStore::Open(database_);
      for (int k = 0; k < 10; ++k) {
        EXPECT_THAT(store->PutArtifactType(Type("type " + std::to_string(k))), IsOk()) << i;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ((*MetadataStore::Open(database_))->GetArtifactTypes()->size(), 10);
}

TEST_P(PostgresqlTest, PipelinesRunSideBySideEachOnce) {
  const auto one = RunLock::Acquire(database_, "one");
  ASSERT_THAT(one, IsOk());
  EXPECT_THAT(RunLock::Acquire(database_, "two"), IsOk());
  const absl::Status again = RunLock::Acquire(database_, "one").status();
  EXPECT_EQ(again.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(again.message(), HasSubstr("pipeline one is being run (tfxm process " + std::to_string(getpid())));
  const absl::Status clean = RunLock::Acquire(database_).status();
  EXPECT_EQ(clean.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(clean.message(), HasSubstr("is in use (tfxm process"));
}

TEST_P(PostgresqlTest, ALockDiesWithItsProcess) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = RunLock::Acquire(database_, "one");
    (void)!write(ready[1], "x", 1);
    while (true) pause();
  }
  char c;
  ASSERT_EQ(read(ready[0], &c, 1), 1);
  EXPECT_FALSE(RunLock::Acquire(database_, "one").ok());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_THAT(RunLock::Acquire(database_, "one"), IsOk());
}

// A server that was restarted, an idle connection that was cut: what is not in a transaction goes on.
TEST_P(PostgresqlTest, ALostConnectionIsMadeAgain) {
  const auto store = *MetadataStore::Open(database_);
  const auto cut = [&] {
    const auto db = *database::Open(database_, database::Mode::kReadWrite);
    EXPECT_THAT(db->Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = CURRENT_DATABASE() "
                            "AND pid <> pg_backend_pid()"),
                IsOk());
  };
  cut();
  ASSERT_THAT(store->PutArtifactType(Type("A")), IsOk());
  const absl::Status status = store->Transaction([&]() -> absl::Status {
    EXPECT_THAT(store->PutArtifactType(Type("B")), IsOk());
    cut();
    return store->PutArtifactType(Type("C")).status();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store->GetArtifactTypes()->size(), 1) << "B and C are all or nothing";
}

}  // namespace
}  // namespace tfxm
