// SPDX-License-Identifier: Apache-2.0

#include "tfxm/metadata/types_table.h"

#include <optional>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/json/json.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using ml_metadata::ArtifactType;
using ml_metadata::ContextType;
using ml_metadata::ExecutionType;
using ml_metadata::PropertyType;

template <typename Type>
constexpr TypeKind kKind = TypeKind::kArtifact;
template <>
constexpr TypeKind kKind<ExecutionType> = TypeKind::kExecution;
template <>
constexpr TypeKind kKind<ContextType> = TypeKind::kContext;

absl::string_view KindName(TypeKind kind) {
  switch (kind) {
    case TypeKind::kExecution: return "execution";
    case TypeKind::kArtifact: return "artifact";
    case TypeKind::kContext: return "context";
  }
  return "";
}

// The base type DATASET is the type "mlmd.Dataset", and so on.
std::string BaseTypeName(absl::string_view enum_name) {
  std::string name = absl::StrCat("mlmd.", enum_name);
  for (size_t i = 6; i < name.size(); ++i) name[i] = absl::ascii_tolower(name[i]);
  return name;
}

absl::StatusOr<std::optional<int64_t>> LookUp(database::Database* db, TypeKind kind, absl::string_view name,
                                              absl::string_view version) {
  ASSIGN_OR_RETURN(
      database::Statement * select,
      db->Prepare("SELECT `id` FROM `Type` WHERE `name` = ? AND `type_kind` = ? AND COALESCE(`version`, '') = ?"));
  select->Bind(1, name);
  select->Bind(2, static_cast<int64_t>(kind));
  select->Bind(3, version);
  ASSIGN_OR_RETURN(bool row, select->Step());
  if (!row) return std::nullopt;
  return select->Int(0);
}

absl::Status PutBaseType(database::Database* db, TypeKind kind, int64_t type_id, absl::string_view enum_name) {
  ASSIGN_OR_RETURN(const int64_t parent, FindTypeId(db, kind, BaseTypeName(enum_name)));
  ASSIGN_OR_RETURN(database::Statement * insert,
                   db->Prepare("INSERT INTO `ParentType` VALUES (?, ?) ON CONFLICT DO NOTHING"));
  insert->Bind(1, type_id);
  insert->Bind(2, parent);
  return insert->Run();
}

template <typename Type>
absl::Status ReadBaseType(database::Database* db, Type* type) {
  ASSIGN_OR_RETURN(database::Statement * select,
                   db->Prepare("SELECT `Type`.`name` FROM `ParentType` JOIN `Type` ON `Type`.`id` = `parent_type_id` "
                               "WHERE `type_id` = ?"));
  select->Bind(1, type->id());
  while (true) {
    ASSIGN_OR_RETURN(bool row, select->Step());
    if (!row) return absl::OkStatus();
    const std::string name = select->Text(0);
    const auto* values = Type::SystemDefinedBaseType_descriptor();
    for (int i = 0; i < values->value_count(); ++i) {
      if (BaseTypeName(values->value(i)->name()) == name) {
        type->set_base_type(static_cast<typename Type::SystemDefinedBaseType>(values->value(i)->number()));
      }
    }
  }
}

constexpr absl::string_view kSelectTypes =
    "SELECT `id`, `name`, `version`, `description`, `external_id`, `input_type`, `output_type` FROM `Type` "
    "WHERE `type_kind` = ?";

// What an execution reads and makes: MLMD keeps an ArtifactStructType as JSON.
absl::StatusOr<std::string> StructTypeJson(bool is_set, const ml_metadata::ArtifactStructType& type) {
  std::string json;
  if (is_set) RETURN_IF_ERROR(google::protobuf::json::MessageToJsonString(type, &json));
  return json;
}

template <typename Type>
absl::Status BindStructTypes(const Type& type, int first, database::Statement* insert) {
  std::string input, output;
  if constexpr (std::is_same_v<Type, ExecutionType>) {
    ASSIGN_OR_RETURN(input, StructTypeJson(type.has_input_type(), type.input_type()));
    ASSIGN_OR_RETURN(output, StructTypeJson(type.has_output_type(), type.output_type()));
  }
  insert->BindTextOrNull(first, input);
  insert->BindTextOrNull(first + 1, output);
  return absl::OkStatus();
}

template <typename Type>
absl::Status ReadStructTypes(const database::Statement& row, int first, Type* type) {
  if constexpr (std::is_same_v<Type, ExecutionType>) {
    if (!row.IsNull(first)) RETURN_IF_ERROR(io::ParseJson(row.Text(first), type->mutable_input_type()));
    if (!row.IsNull(first + 1)) RETURN_IF_ERROR(io::ParseJson(row.Text(first + 1), type->mutable_output_type()));
  }
  return absl::OkStatus();
}

template <typename Type>
absl::StatusOr<std::vector<Type>> ReadTypes(database::Database* db, database::Statement* select) {
  std::vector<Type> types;
  while (true) {
    ASSIGN_OR_RETURN(bool row, select->Step());
    if (!row) break;
    Type& type = types.emplace_back();
    type.set_id(select->Int(0));
    type.set_name(select->Text(1));
    if (!select->IsNull(2)) type.set_version(select->Text(2));
    if (!select->IsNull(3)) type.set_description(select->Text(3));
    if (!select->IsNull(4)) type.set_external_id(select->Text(4));
    RETURN_IF_ERROR(Annotate(ReadStructTypes(*select, 5, &type), absl::StrCat("type \"", type.name(), "\"")));
  }
  for (Type& type : types) {
    ASSIGN_OR_RETURN(auto properties, GetTypeProperties(db, type.id()));
    type.mutable_properties()->insert(properties.begin(), properties.end());
    RETURN_IF_ERROR(ReadBaseType(db, &type));
  }
  return types;
}

}  // namespace

absl::StatusOr<int64_t> FindTypeId(database::Database* db, TypeKind kind, absl::string_view name,
                                   absl::string_view version) {
  ASSIGN_OR_RETURN(std::optional<int64_t> id, LookUp(db, kind, name, version));
  if (!id.has_value()) {
    return absl::NotFoundError(absl::StrCat("metadata store ", db->path(), " has no ", KindName(kind), " type \"", name,
                                            "\"",
                                            version.empty() ? "" : absl::StrCat(" of version \"", version, "\"")));
  }
  return *id;
}

absl::Status CheckTypeId(database::Database* db, TypeKind kind, int64_t id) {
  ASSIGN_OR_RETURN(database::Statement * select,
                   db->Prepare("SELECT 1 FROM `Type` WHERE `id` = ? AND `type_kind` = ?"));
  select->Bind(1, id);
  select->Bind(2, static_cast<int64_t>(kind));
  ASSIGN_OR_RETURN(bool row, select->Step());
  if (row) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("metadata store ", db->path(), " has no ", KindName(kind), " type of id ", id));
}

absl::StatusOr<std::map<std::string, PropertyType>> GetTypeProperties(database::Database* db, int64_t type_id) {
  std::map<std::string, PropertyType> properties;
  ASSIGN_OR_RETURN(database::Statement * select,
                   db->Prepare("SELECT `name`, `data_type` FROM `TypeProperty` WHERE `type_id` = ?"));
  select->Bind(1, type_id);
  while (true) {
    ASSIGN_OR_RETURN(bool row, select->Step());
    if (!row) return properties;
    properties[select->Text(0)] = static_cast<PropertyType>(select->Int(1));
  }
}

template <typename Type>
absl::StatusOr<int64_t> PutType(database::Database* db, const Type& type) {
  if (type.name().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("a type of ", KindName(kKind<Type>), " needs a name"));
  }
  int64_t id = 0;
  RETURN_IF_ERROR(db->Transaction([&]() -> absl::Status {
    ASSIGN_OR_RETURN(std::optional<int64_t> existing, LookUp(db, kKind<Type>, type.name(), type.version()));
    if (existing.has_value()) {
      id = *existing;
    } else {
      ASSIGN_OR_RETURN(
          database::Statement * insert,
          db->Prepare("INSERT INTO `Type`(`name`, `type_kind`, `description`, `external_id`, `version`, `input_type`, "
                      "`output_type`) VALUES (?, ?, ?, ?, ?, ?, ?)"));
      insert->Bind(1, type.name());
      insert->Bind(2, static_cast<int64_t>(kKind<Type>));
      insert->BindTextOrNull(3, type.description());
      insert->BindTextOrNull(4, type.external_id());
      insert->BindTextOrNull(5, type.version());
      RETURN_IF_ERROR(BindStructTypes(type, 6, insert));
      RETURN_IF_ERROR(insert->Run());
      ASSIGN_OR_RETURN(id, db->LastInsertId());
    }
    ASSIGN_OR_RETURN(auto known, GetTypeProperties(db, id));
    const std::map<std::string, PropertyType> wanted(type.properties().begin(), type.properties().end());
    for (const auto& [name, data_type] : wanted) {
      if (auto it = known.find(name); it != known.end()) {
        if (it->second == data_type) continue;
        return absl::AlreadyExistsError(
            absl::StrCat("metadata store ", db->path(), ": property \"", name, "\" of type \"", type.name(), "\" is ",
                         PropertyType_Name(it->second), " there, not ", PropertyType_Name(data_type)));
      }
      ASSIGN_OR_RETURN(database::Statement * insert, db->Prepare("INSERT INTO `TypeProperty` VALUES (?, ?, ?)"));
      insert->Bind(1, id);
      insert->Bind(2, name);
      insert->Bind(3, static_cast<int64_t>(data_type));
      RETURN_IF_ERROR(insert->Run());
    }
    if (type.base_type() == Type::UNSET) return absl::OkStatus();
    return PutBaseType(db, kKind<Type>, id, Type::SystemDefinedBaseType_Name(type.base_type()));
  }));
  return id;
}

template <typename Type>
absl::StatusOr<std::vector<Type>> GetTypes(database::Database* db) {
  ASSIGN_OR_RETURN(database::Statement * select,
                   db->Prepare(absl::StrCat(kSelectTypes, " AND `name` NOT LIKE 'mlmd.%' ORDER BY `id`")));
  select->Bind(1, static_cast<int64_t>(kKind<Type>));
  return ReadTypes<Type>(db, select);
}

template <typename Type>
absl::StatusOr<Type> GetType(database::Database* db, absl::string_view name, absl::string_view version) {
  ASSIGN_OR_RETURN(const int64_t id, FindTypeId(db, kKind<Type>, name, version));
  ASSIGN_OR_RETURN(database::Statement * select, db->Prepare(absl::StrCat(kSelectTypes, " AND `id` = ?")));
  select->Bind(1, static_cast<int64_t>(kKind<Type>));
  select->Bind(2, id);
  ASSIGN_OR_RETURN(std::vector<Type> types, ReadTypes<Type>(db, select));
  return types.at(0);
}

#define TFXM_INSTANTIATE_TYPE(Type)                                           \
  template absl::StatusOr<int64_t> PutType(database::Database*, const Type&); \
  template absl::StatusOr<std::vector<Type>> GetTypes(database::Database*);   \
  template absl::StatusOr<Type> GetType(database::Database*, absl::string_view, absl::string_view)
TFXM_INSTANTIATE_TYPE(ArtifactType);
TFXM_INSTANTIATE_TYPE(ExecutionType);
TFXM_INSTANTIATE_TYPE(ContextType);
#undef TFXM_INSTANTIATE_TYPE

}  // namespace tfxm
