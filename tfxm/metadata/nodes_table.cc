// SPDX-License-Identifier: Apache-2.0

#include "tfxm/metadata/nodes_table.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tfxm/metadata/properties.h"
#include "tfxm/metadata/types_table.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using MlmdArtifact = ml_metadata::Artifact;  // tfxm::Artifact is another.
using ml_metadata::Context;
using ml_metadata::Execution;
using ml_metadata::PropertyType;
using ml_metadata::Value;
using Values = google::protobuf::Map<std::string, Value>;

template <typename Node>
struct Table {
  static constexpr absl::string_view name = "Artifact", id = "artifact_id", columns = "`uri`, `state`";
  static constexpr int column_count = 2;
  static constexpr TypeKind kind = TypeKind::kArtifact;
};
template <>
struct Table<Execution> {
  static constexpr absl::string_view name = "Execution", id = "execution_id", columns = "`last_known_state`";
  static constexpr int column_count = 1;
  static constexpr TypeKind kind = TypeKind::kExecution;
};
template <>
struct Table<Context> {
  static constexpr absl::string_view name = "Context", id = "context_id", columns = "";
  static constexpr int column_count = 0;
  static constexpr TypeKind kind = TypeKind::kContext;
};

// The columns that only this kind of node has, bound from 1 and read from `column` on.
void BindColumns(const MlmdArtifact& node, database::Statement* statement) {
  if (node.has_uri()) statement->Bind(1, node.uri());
  if (node.has_state()) statement->Bind(2, static_cast<int64_t>(node.state()));
}
void BindColumns(const Execution& node, database::Statement* statement) {
  if (node.has_last_known_state()) statement->Bind(1, static_cast<int64_t>(node.last_known_state()));
}
void BindColumns(const Context&, database::Statement*) {}

void ReadColumns(const database::Statement& row, int column, MlmdArtifact* node) {
  if (!row.IsNull(column)) node->set_uri(row.Text(column));
  if (!row.IsNull(column + 1)) node->set_state(static_cast<MlmdArtifact::State>(row.Int(column + 1)));
}
void ReadColumns(const database::Statement& row, int column, Execution* node) {
  if (!row.IsNull(column)) node->set_last_known_state(static_cast<Execution::State>(row.Int(column)));
}
void ReadColumns(const database::Statement&, int, Context*) {}

PropertyType DataType(const Value& value) {
  switch (value.value_case()) {
    case Value::kIntValue: return ml_metadata::INT;
    case Value::kDoubleValue: return ml_metadata::DOUBLE;
    case Value::kStringValue: return ml_metadata::STRING;
    case Value::kStructValue: return ml_metadata::STRUCT;
    case Value::kProtoValue: return ml_metadata::PROTO;
    case Value::kBoolValue: return ml_metadata::BOOLEAN;
    default: return ml_metadata::UNKNOWN;
  }
}

// Binds int_value, double_value, string_value, proto_value, bool_value from `first` on.
void BindValue(const Value& value, int first, database::Statement* statement) {
  switch (value.value_case()) {
    case Value::kIntValue: return statement->Bind(first, value.int_value());
    case Value::kDoubleValue: return statement->Bind(first + 1, value.double_value());
    case Value::kStringValue: return statement->Bind(first + 2, value.string_value());
    case Value::kStructValue: return statement->Bind(first + 2, StructProperty(value.struct_value()));
    case Value::kProtoValue: return statement->BindBlob(first + 3, value.proto_value().SerializeAsString());
    case Value::kBoolValue: return statement->Bind(first + 4, static_cast<int64_t>(value.bool_value()));
    default: return;
  }
}

Value ReadValue(const database::Statement& row, int first) {
  Value value;
  if (!row.IsNull(first)) {
    value.set_int_value(row.Int(first));
  } else if (!row.IsNull(first + 1)) {
    value.set_double_value(row.Double(first + 1));
  } else if (!row.IsNull(first + 2)) {
    std::string text = row.Text(first + 2);
    if (!ParseStructProperty(text, value.mutable_struct_value())) value.set_string_value(std::move(text));
  } else if (!row.IsNull(first + 3)) {
    value.mutable_proto_value()->ParseFromString(row.Text(first + 3));
  } else if (!row.IsNull(first + 4)) {
    value.set_bool_value(row.Int(first + 4) != 0);
  }
  return value;
}

template <typename Node>
absl::Status InsertProperties(database::Database* db, int64_t id, const Values& values, bool custom) {
  ASSIGN_OR_RETURN(
      database::Statement * insert,
      db->Prepare(absl::StrCat("INSERT INTO `", Table<Node>::name, "Property`(`", Table<Node>::id,
                               "`, `name`, `is_custom_property`, `int_value`, `double_value`, `string_value`, "
                               "`proto_value`, `bool_value`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")));
  const std::map<std::string, Value> sorted(values.begin(), values.end());
  for (const auto& [name, value] : sorted) {
    for (int i = 4; i <= 8; ++i) insert->BindNull(i);
    insert->Bind(1, id);
    insert->Bind(2, name);
    insert->Bind(3, static_cast<int64_t>(custom));
    BindValue(value, 4, insert);
    RETURN_IF_ERROR(Annotate(insert->Run(), absl::StrCat("property \"", name, "\" of ", Table<Node>::name, " ", id)));
  }
  return absl::OkStatus();
}

template <typename Node>
absl::Status ReadProperties(database::Database* db, Node* node) {
  ASSIGN_OR_RETURN(
      database::Statement * select,
      db->Prepare(absl::StrCat("SELECT `name`, `is_custom_property`, `int_value`, `double_value`, `string_value`, "
                               "`proto_value`, `bool_value` FROM `",
                               Table<Node>::name, "Property` WHERE `", Table<Node>::id, "` = ?")));
  select->Bind(1, node->id());
  while (true) {
    ASSIGN_OR_RETURN(bool row, select->Step());
    if (!row) return absl::OkStatus();
    Values* values = select->Int(1) != 0 ? node->mutable_custom_properties() : node->mutable_properties();
    (*values)[select->Text(0)] = ReadValue(*select, 2);
  }
}

template <typename Node>
absl::Status CheckProperties(database::Database* db, const Node& node, int64_t type_id) {
  if (node.properties().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto declared, GetTypeProperties(db, type_id));
  for (const auto& [name, value] : node.properties()) {
    const auto it = declared.find(name);
    if (it == declared.end()) {
      return absl::InvalidArgumentError(absl::StrCat(Table<Node>::name, " of type \"", node.type(), "\" (type id ",
                                                     type_id, "): \"", name,
                                                     "\" is not a property of that type; set it as a custom property"));
    }
    if (it->second != DataType(value)) {
      return absl::InvalidArgumentError(absl::StrCat(
          Table<Node>::name, " of type \"", node.type(), "\" (type id ", type_id, "): property \"", name, "\" is ",
          PropertyType_Name(DataType(value)), ", its type says ", PropertyType_Name(it->second)));
    }
  }
  return absl::OkStatus();
}

// "a, b" -> "a = ?, b = ?"
std::string Assignments(absl::string_view columns) {
  std::string out;
  for (char c : columns) {
    if (c == ',') out += " = ?";
    out += c;
  }
  if (!out.empty()) out += " = ?, ";
  return out;
}

template <typename Node>
absl::StatusOr<int64_t> Insert(database::Database* db, const Node& node, int64_t type_id, int64_t now) {
  using T = Table<Node>;
  std::string sql = absl::StrCat("INSERT INTO `", T::name, "`(", T::columns, T::columns.empty() ? "" : ", ",
                                 "`type_id`, `name`, `external_id`, `create_time_since_epoch`, "
                                 "`last_update_time_since_epoch`) VALUES (?, ?, ?, ?, ?");
  for (int i = 0; i < T::column_count; ++i) sql += ", ?";
  ASSIGN_OR_RETURN(database::Statement * insert, db->Prepare(sql + ")"));
  BindColumns(node, insert);
  int i = T::column_count;
  insert->Bind(++i, type_id);
  insert->BindTextOrNull(++i, node.name());
  insert->BindTextOrNull(++i, node.external_id());
  insert->Bind(++i, now);
  insert->Bind(++i, now);
  RETURN_IF_ERROR(insert->Run());
  return db->LastInsertId();
}

template <typename Node>
absl::Status Update(database::Database* db, const Node& node, int64_t now) {
  using T = Table<Node>;
  ASSIGN_OR_RETURN(
      database::Statement * update,
      db->Prepare(absl::StrCat("UPDATE `", T::name, "` SET ", Assignments(T::columns),
                               "`name` = ?, `external_id` = ?, `last_update_time_since_epoch` = ? WHERE `id` = ?")));
  BindColumns(node, update);
  int i = T::column_count;
  update->BindTextOrNull(++i, node.name());
  update->BindTextOrNull(++i, node.external_id());
  update->Bind(++i, now);
  update->Bind(++i, node.id());
  RETURN_IF_ERROR(update->Run());
  ASSIGN_OR_RETURN(database::Statement * erase,
                   db->Prepare(absl::StrCat("DELETE FROM `", T::name, "Property` WHERE `", T::id, "` = ?")));
  erase->Bind(1, node.id());
  return erase->Run();
}

}  // namespace

template <typename Node>
absl::StatusOr<int64_t> PutNode(database::Database* db, const Node& node) {
  using T = Table<Node>;
  int64_t id = node.id();
  RETURN_IF_ERROR(db->Transaction([&]() -> absl::Status {
    const int64_t now = absl::ToUnixMillis(absl::Now());
    int64_t type_id = node.type_id();
    if (id != 0) {
      ASSIGN_OR_RETURN(database::Statement * select,
                       db->Prepare(absl::StrCat("SELECT `type_id` FROM `", T::name, "` WHERE `id` = ?")));
      select->Bind(1, id);
      ASSIGN_OR_RETURN(bool row, select->Step());
      if (!row)
        return absl::NotFoundError(absl::StrCat("metadata store ", db->path(), " has no ", T::name, " of id ", id));
      const int64_t stored = select->Int(0);
      if (type_id != 0 && type_id != stored) {
        return absl::InvalidArgumentError(
            absl::StrCat(T::name, " ", id, " has type id ", stored, "; it cannot become ", type_id));
      }
      type_id = stored;
    } else if (type_id != 0) {
      RETURN_IF_ERROR(CheckTypeId(db, T::kind, type_id));
    } else {
      ASSIGN_OR_RETURN(type_id, FindTypeId(db, T::kind, node.type()));
    }
    RETURN_IF_ERROR(CheckProperties(db, node, type_id));
    if (id != 0) {
      RETURN_IF_ERROR(Update(db, node, now));
    } else {
      ASSIGN_OR_RETURN(id, Insert(db, node, type_id, now));
    }
    RETURN_IF_ERROR(InsertProperties<Node>(db, id, node.properties(), false));
    return InsertProperties<Node>(db, id, node.custom_properties(), true);
  }));
  return id;
}

template <typename Node>
absl::StatusOr<std::vector<Node>> GetNodes(database::Database* db, absl::string_view condition,
                                           absl::Span<const std::variant<int64_t, std::string>> parameters) {
  using T = Table<Node>;
  ASSIGN_OR_RETURN(
      database::Statement * select,
      db->Prepare(absl::StrCat("SELECT node.`id`, node.`type_id`, node.`name`, node.`external_id`, "
                               "node.`create_time_since_epoch`, node.`last_update_time_since_epoch`, type.`name`",
                               T::columns.empty() ? "" : ", ", T::columns, " FROM `", T::name,
                               "` AS node JOIN `Type` AS type ON type.`id` = node.`type_id` WHERE ", condition,
                               " ORDER BY node.`id`")));
  for (size_t i = 0; i < parameters.size(); ++i) {
    std::visit([&](const auto& value) { select->Bind(static_cast<int>(i) + 1, value); }, parameters[i]);
  }
  std::vector<Node> nodes;
  while (true) {
    ASSIGN_OR_RETURN(bool row, select->Step());
    if (!row) break;
    Node& node = nodes.emplace_back();
    node.set_id(select->Int(0));
    node.set_type_id(select->Int(1));
    if (!select->IsNull(2)) node.set_name(select->Text(2));
    if (!select->IsNull(3)) node.set_external_id(select->Text(3));
    node.set_create_time_since_epoch(select->Int(4));
    node.set_last_update_time_since_epoch(select->Int(5));
    node.set_type(select->Text(6));
    ReadColumns(*select, 7, &node);
  }
  for (Node& node : nodes) RETURN_IF_ERROR(ReadProperties(db, &node));
  return nodes;
}

#define TFXM_INSTANTIATE_NODE(Node)                                                           \
  template absl::StatusOr<int64_t> PutNode(database::Database*, const Node&);                 \
  template absl::StatusOr<std::vector<Node>> GetNodes(database::Database*, absl::string_view, \
                                                      absl::Span<const std::variant<int64_t, std::string>>)
TFXM_INSTANTIATE_NODE(MlmdArtifact);
TFXM_INSTANTIATE_NODE(Execution);
TFXM_INSTANTIATE_NODE(Context);
#undef TFXM_INSTANTIATE_NODE

}  // namespace tfxm
