// SPDX-License-Identifier: Apache-2.0

#include "tfxm/metadata/schema.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

// What SQLite and PostgreSQL call differently, as ML Metadata has it in each. But `text key`: a property longer than 2,704
// bytes does not go into an index of PostgreSQL, so that ML Metadata cannot keep it there; the first 200 characters do.
using Names = std::vector<std::pair<absl::string_view, absl::string_view>>;

Names TypeNames(database::Dialect dialect) {
  if (dialect == database::Dialect::kPostgresql) {
    return {{"<id>", "SERIAL PRIMARY KEY"},
            {"<kind>", "SMALLINT"},
            {"<flag>", "BOOLEAN"},
            {"<time>", "BIGINT"},
            {"<real>", "DOUBLE PRECISION"},
            {"<bytes>", "BYTEA"},
            {"<text key>", "left(`string_value`, 200)"}};
  }
  return {{"<id>", "INTEGER PRIMARY KEY AUTOINCREMENT"},
          {"<kind>", "TINYINT(1)"},
          {"<flag>", "TINYINT(1)"},
          {"<time>", "INT"},
          {"<real>", "DOUBLE"},
          {"<bytes>", "BLOB"},
          {"<text key>", "`string_value`"}};
}

constexpr absl::string_view kTables = R"sql(
CREATE TABLE `Type` (
  `id` <id>, `name` VARCHAR(255) NOT NULL, `version` VARCHAR(255),
  `type_kind` <kind> NOT NULL, `description` TEXT, `input_type` TEXT, `output_type` TEXT,
  `external_id` VARCHAR(255) UNIQUE);
CREATE TABLE `TypeProperty` (
  `type_id` INT NOT NULL, `name` VARCHAR(255) NOT NULL, `data_type` INT NULL, PRIMARY KEY (`type_id`, `name`));
CREATE TABLE `ParentType` (
  `type_id` INT NOT NULL, `parent_type_id` INT NOT NULL, PRIMARY KEY (`type_id`, `parent_type_id`));
CREATE TABLE `Artifact` (
  `id` <id>, `type_id` INT NOT NULL, `uri` TEXT, `state` INT, `name` VARCHAR(255),
  `external_id` VARCHAR(255) UNIQUE, `create_time_since_epoch` <time> NOT NULL DEFAULT 0,
  `last_update_time_since_epoch` <time> NOT NULL DEFAULT 0, UNIQUE(`type_id`, `name`));
CREATE TABLE `Execution` (
  `id` <id>, `type_id` INT NOT NULL, `last_known_state` INT, `name` VARCHAR(255),
  `external_id` VARCHAR(255) UNIQUE, `create_time_since_epoch` <time> NOT NULL DEFAULT 0,
  `last_update_time_since_epoch` <time> NOT NULL DEFAULT 0, UNIQUE(`type_id`, `name`));
CREATE TABLE `Context` (
  `id` <id>, `type_id` INT NOT NULL, `name` VARCHAR(255) NOT NULL,
  `external_id` VARCHAR(255) UNIQUE, `create_time_since_epoch` <time> NOT NULL DEFAULT 0,
  `last_update_time_since_epoch` <time> NOT NULL DEFAULT 0, UNIQUE(`type_id`, `name`));
CREATE TABLE `ParentContext` (
  `context_id` INT NOT NULL, `parent_context_id` INT NOT NULL, PRIMARY KEY (`context_id`, `parent_context_id`));
CREATE TABLE `Event` (
  `id` <id>, `artifact_id` INT NOT NULL, `execution_id` INT NOT NULL, `type` INT NOT NULL,
  `milliseconds_since_epoch` <time>, UNIQUE(`artifact_id`, `execution_id`, `type`));
CREATE TABLE `EventPath` (
  `event_id` INT NOT NULL, `is_index_step` <flag> NOT NULL, `step_index` INT, `step_key` TEXT);
CREATE TABLE `Association` (
  `id` <id>, `context_id` INT NOT NULL, `execution_id` INT NOT NULL,
  UNIQUE(`context_id`, `execution_id`));
CREATE TABLE `Attribution` (
  `id` <id>, `context_id` INT NOT NULL, `artifact_id` INT NOT NULL,
  UNIQUE(`context_id`, `artifact_id`));
CREATE TABLE `MLMDEnv` (`schema_version` INTEGER PRIMARY KEY);
CREATE INDEX `idx_artifact_uri` ON `Artifact`(`uri`);
CREATE INDEX `idx_event_execution_id` ON `Event`(`execution_id`);
CREATE INDEX `idx_parentcontext_parent_context_id` ON `ParentContext`(`parent_context_id`);
CREATE INDEX `idx_type_name` ON `Type`(`name`);
CREATE INDEX `idx_type_external_id` ON `Type`(`external_id`);
CREATE INDEX `idx_eventpath_event_id` ON `EventPath`(`event_id`);
)sql";

// Artifacts, executions and contexts have the same table of properties and the same indexes; NAME is "Artifact", LOWER
// "artifact".
constexpr absl::string_view kPropertyTable = R"sql(
CREATE TABLE `NAMEProperty` (
  `LOWER_id` INT NOT NULL, `name` VARCHAR(255) NOT NULL, `is_custom_property` <flag> NOT NULL, `int_value` INT,
  `double_value` <real>, `string_value` TEXT, `byte_value` <bytes>, `proto_value` <bytes>, `bool_value` BOOLEAN,
  PRIMARY KEY (`LOWER_id`, `name`, `is_custom_property`));
CREATE INDEX `idx_LOWER_create_time_since_epoch` ON `NAME`(`create_time_since_epoch`);
CREATE INDEX `idx_LOWER_last_update_time_since_epoch` ON `NAME`(`last_update_time_since_epoch`);
CREATE INDEX `idx_LOWER_external_id` ON `NAME`(`external_id`);
CREATE INDEX `idx_LOWER_property_int` ON `NAMEProperty`(`name`, `is_custom_property`, `int_value`)
  WHERE `int_value` IS NOT NULL;
CREATE INDEX `idx_LOWER_property_double` ON `NAMEProperty`(`name`, `is_custom_property`, `double_value`)
  WHERE `double_value` IS NOT NULL;
CREATE INDEX `idx_LOWER_property_string` ON `NAMEProperty`(`name`, `is_custom_property`, <text key>)
  WHERE `string_value` IS NOT NULL;
)sql";

// The base types, in the order in which MLMD makes them (type_kind 0: execution, 1: artifact).
constexpr absl::string_view kBaseTypes = R"sql(
INSERT INTO `Type`(`name`, `type_kind`) VALUES
  ('mlmd.Dataset', 1), ('mlmd.Model', 1), ('mlmd.Metrics', 1), ('mlmd.Statistics', 1), ('mlmd.Train', 0),
  ('mlmd.Transform', 0), ('mlmd.Process', 0), ('mlmd.Evaluate', 0), ('mlmd.Deploy', 0);
)sql";

absl::Status CreateTables(database::Database* db) {
  const Names names = TypeNames(db->dialect());
  RETURN_IF_ERROR(db->Execute(absl::StrReplaceAll(kTables, names)));
  for (const auto& [name, lower] :
       {std::pair{"Artifact", "artifact"}, {"Execution", "execution"}, {"Context", "context"}}) {
    Names all = names;
    all.insert(all.end(), {{"NAME", name}, {"LOWER", lower}});
    RETURN_IF_ERROR(db->Execute(absl::StrReplaceAll(kPropertyTable, all)));
  }
  RETURN_IF_ERROR(db->Execute(kBaseTypes));
  return db->Execute(absl::StrCat("INSERT INTO `MLMDEnv` VALUES (", kMetadataSchemaVersion, ")"));
}

absl::StatusOr<int64_t> SchemaVersion(database::Database* db) {
  ASSIGN_OR_RETURN(database::Statement * statement, db->Prepare("SELECT MAX(`schema_version`) FROM `MLMDEnv`"));
  ASSIGN_OR_RETURN(bool row, statement->Step());
  const int64_t version = row ? statement->Int(0) : 0;
  statement->Reset();
  return version;
}

absl::Status CheckOrCreate(database::Database* db, bool create) {
  ASSIGN_OR_RETURN(const int64_t tables, db->CountTables(""));
  if (tables == 0 && create) return CreateTables(db);
  ASSIGN_OR_RETURN(const int64_t environment, db->CountTables("MLMDEnv"));
  if (environment == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        db->path(), " is a database but not an ML Metadata store (it has no table MLMDEnv); use another one"));
  }
  ASSIGN_OR_RETURN(const int64_t version, SchemaVersion(db));
  if (version > kMetadataSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat("metadata store ", db->path(), " has schema version ", version,
                                                      ", written by a newer program; this one ", "knows version ",
                                                      kMetadataSchemaVersion, ". Use a newer tfxm, or another store"));
  }
  if (version < kMetadataSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "metadata store ", db->path(), " has the old schema version ", version, "; expected ", kMetadataSchemaVersion,
        ". Migrate it with ml_metadata (enable_upgrade_migration), or use another one"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status InitializeSchema(database::Database* db, bool create) {
  if (!create) return CheckOrCreate(db, false);
  return db->Transaction([&] { return CheckOrCreate(db, true); });
}

}  // namespace tfxm
