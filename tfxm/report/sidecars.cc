#include "tfxm/report/sidecars.h"

#include <cmath>
#include <functional>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text.h"

namespace tfxm::report {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

absl::Status Wrong(absl::string_view where, absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat(where, ": expected ", expected, " (tfxm/report/sidecars.h describes the format)"));
}

// As SliceValueText has it: integers as such, others as float32.
std::string SliceNumberText(double x) {
  if (x == std::floor(x) && std::abs(x) <= 0x1p53) return absl::StrCat(static_cast<int64_t>(x));
  return absl::StrCat(static_cast<float>(x));
}

// One JSON object and where it is, so that errors can say so.
class Object {
 public:
  static absl::StatusOr<Object> From(const Value& value, std::string where) {
    if (value.kind_case() != Value::kStructValue) return Wrong(where, "an object");
    return Object(&value.struct_value(), std::move(where));
  }

  const Value* Find(const std::string& name) const {
    const auto it = fields_->fields().find(name);
    return it == fields_->fields().end() || it->second.kind_case() == Value::kNullValue ? nullptr : &it->second;
  }
  std::string Where(absl::string_view name) const { return absl::StrCat(where_, ".", name); }

  absl::Status Read(const std::string& name, std::string* out) const {
    const Value* value = Find(name);
    if (value == nullptr) return absl::OkStatus();
    if (value->kind_case() != Value::kStringValue) return Wrong(Where(name), "a string");
    *out = value->string_value();
    return absl::OkStatus();
  }

  absl::Status Read(const std::string& name, std::optional<double>* out) const {
    const Value* value = Find(name);
    if (value == nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(*out, Number(*value, Where(name)));
    return absl::OkStatus();
  }

  absl::Status Read(const std::string& name, std::optional<bool>* out) const {
    const Value* value = Find(name);
    if (value == nullptr) return absl::OkStatus();
    if (value->kind_case() != Value::kBoolValue) return Wrong(Where(name), "true or false");
    *out = value->bool_value();
    return absl::OkStatus();
  }

  absl::Status Required(const std::string& name, double* out) const {
    std::optional<double> value;
    RETURN_IF_ERROR(Read(name, &value));
    if (!value) return Wrong(where_, absl::StrCat("a member \"", name, "\""));
    *out = *value;
    return absl::OkStatus();
  }

  absl::Status ForEach(const std::string& name,
                       const std::function<absl::Status(const std::string&, const Value&)>& fn) const {
    const Value* value = Find(name);
    if (value == nullptr) return absl::OkStatus();
    if (value->kind_case() != Value::kStructValue) return Wrong(Where(name), "an object");
    for (const auto& [key, member] : value->struct_value().fields()) RETURN_IF_ERROR(fn(key, member));
    return absl::OkStatus();
  }

  absl::Status ReadNumbers(const std::string& name, std::map<std::string, double>* out) const {
    return ForEach(name, [&](const std::string& key, const Value& value) -> absl::Status {
      ASSIGN_OR_RETURN((*out)[key], Number(value, absl::StrCat(Where(name), ".", key)));
      return absl::OkStatus();
    });
  }

  // A slice: feature to string or number.
  absl::Status ReadSlice(const std::string& name, SliceText* out) const {
    return ForEach(name, [&](const std::string& key, const Value& value) -> absl::Status {
      if (value.kind_case() == Value::kStringValue) {
        (*out)[key] = PrintableText(value.string_value());
      } else if (value.kind_case() == Value::kNumberValue) {
        (*out)[key] = SliceNumberText(value.number_value());
      } else {
        return Wrong(absl::StrCat(Where(name), ".", key), "a string or a number");
      }
      return absl::OkStatus();
    });
  }

  static absl::StatusOr<double> Number(const Value& value, absl::string_view where) {
    if (value.kind_case() == Value::kNumberValue) return value.number_value();
    const double infinity = std::numeric_limits<double>::infinity();
    if (value.string_value() == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (value.string_value() == "Infinity") return infinity;
    if (value.string_value() == "-Infinity") return -infinity;
    return Wrong(where, "a number");
  }

 private:
  Object(const Struct* fields, std::string where) : fields_(fields), where_(std::move(where)) {}
  const Struct* fields_;
  std::string where_;
};

absl::Status ForEachObject(const Value& list, const std::string& where,
                           const std::function<absl::Status(const Object&)>& fn) {
  if (list.kind_case() != Value::kListValue) return Wrong(where, "an array");
  int index = 0;
  for (const Value& value : list.list_value().values()) {
    ASSIGN_OR_RETURN(const Object object, Object::From(value, absl::StrCat(where, "[", index++, "]")));
    RETURN_IF_ERROR(fn(object));
  }
  return absl::OkStatus();
}

absl::StatusOr<Value> Parse(absl::string_view json) {
  Value value;
  RETURN_IF_ERROR(io::ParseJson(json, &value));
  return value;
}

absl::StatusOr<Image> ParseImage(const Value& value, const std::string& where) {
  ASSIGN_OR_RETURN(const Object object, Object::From(value, where));
  Image image;
  double width, height;
  std::optional<double> channels;
  RETURN_IF_ERROR(object.Required("width", &width));
  RETURN_IF_ERROR(object.Required("height", &height));
  RETURN_IF_ERROR(object.Read("channels", &channels));
  const double c = channels.value_or(1);
  if (!(width >= 1 && height >= 1 && width <= 4096 && height <= 4096 && width == std::floor(width) &&
        height == std::floor(height))) {
    return Wrong(where, "a width and a height from 1 to 4096");
  }
  if (c != 1 && c != 3 && c != 4) return Wrong(where, "channels 1, 3 or 4");
  image.width = static_cast<int>(width);
  image.height = static_cast<int>(height);
  image.channels = static_cast<int>(c);
  std::string base64;
  RETURN_IF_ERROR(object.Read("pixels", &base64));
  const size_t bytes = static_cast<size_t>(image.width) * image.height * image.channels;
  if (!absl::Base64Unescape(base64, &image.pixels) || image.pixels.size() != bytes) {
    return Wrong(where, absl::StrCat("pixels as base64 of ", bytes, " bytes (width · height · channels)"));
  }
  return image;
}

absl::StatusOr<DisagreementExample> ParseExample(const Object& object) {
  DisagreementExample example;
  RETURN_IF_ERROR(object.Read("index", &example.index));
  RETURN_IF_ERROR(object.Read("difference", &example.difference));
  if (const Value* label = object.Find("label"); label != nullptr) example.label = *label;
  RETURN_IF_ERROR(object.ForEach("predictions", [&](const std::string& model, const Value& value) {
    example.predictions[model] = value;
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(object.ReadNumbers("scores", &example.scores));
  RETURN_IF_ERROR(object.ForEach("features", [&](const std::string& name, const Value& value) -> absl::Status {
    if (value.kind_case() == Value::kStructValue && value.struct_value().fields().contains("image")) {
      ASSIGN_OR_RETURN(example.images[name], ParseImage(value.struct_value().fields().at("image"),
                                                        absl::StrCat(object.Where("features"), ".", name, ".image")));
    } else {
      example.features[name] = value;
    }
    return absl::OkStatus();
  }));
  if (const Value* slices = object.Find("slices"); slices != nullptr) {
    // Each is itself a slice object: wrap it, so that the same reader serves.
    if (slices->kind_case() != Value::kListValue) return Wrong(object.Where("slices"), "an array");
    for (const Value& slice : slices->list_value().values()) {
      Value wrapped;
      (*wrapped.mutable_struct_value()->mutable_fields())["slice"] = slice;
      ASSIGN_OR_RETURN(const Object holder, Object::From(wrapped, object.Where("slices")));
      RETURN_IF_ERROR(holder.ReadSlice("slice", &example.slices.emplace_back()));
    }
  }
  return example;
}

template <typename T>
absl::Status ReadIfThere(absl::string_view directory, absl::string_view file,
                         absl::StatusOr<T> (*parse)(absl::string_view), T* out) {
  const std::string path = io::JoinPath(directory, file);
  if (!io::Exists(path)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string json, io::ReadFile(path));
  absl::StatusOr<T> parsed = parse(json);
  if (!parsed.ok()) return Annotate(parsed.status(), path);
  *out = *std::move(parsed);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ModelFacts>> ParseModelFacts(absl::string_view json) {
  ASSIGN_OR_RETURN(const Value value, Parse(json));
  ASSIGN_OR_RETURN(const Object root, Object::From(value, "$"));
  const Value* models = root.Find("models");
  if (models == nullptr) return Wrong("$", "a member \"models\"");
  std::vector<ModelFacts> all;
  RETURN_IF_ERROR(ForEachObject(*models, "$.models", [&](const Object& object) -> absl::Status {
    ModelFacts& facts = all.emplace_back();
    RETURN_IF_ERROR(object.Read("model_name", &facts.model_name));
    RETURN_IF_ERROR(object.Read("display_name", &facts.display_name));
    RETURN_IF_ERROR(object.Read("format", &facts.format));
    RETURN_IF_ERROR(object.ReadNumbers("numbers", &facts.numbers));
    RETURN_IF_ERROR(object.ReadNumbers("noise", &facts.noise));
    RETURN_IF_ERROR(object.ReadNumbers("op_counts", &facts.op_counts));
    return object.ForEach("texts", [&](const std::string& key, const Value& text) {
      if (text.kind_case() != Value::kStringValue)
        return Wrong(absl::StrCat(object.Where("texts"), ".", key), "a string");
      facts.texts[key] = text.string_value();
      return absl::OkStatus();
    });
  }));
  return all;
}

absl::StatusOr<std::vector<Comparison>> ParseComparisons(absl::string_view json) {
  ASSIGN_OR_RETURN(const Value value, Parse(json));
  ASSIGN_OR_RETURN(const Object root, Object::From(value, "$"));
  const Value* comparisons = root.Find("comparisons");
  if (comparisons == nullptr) return Wrong("$", "a member \"comparisons\"");
  std::vector<Comparison> all;
  RETURN_IF_ERROR(ForEachObject(*comparisons, "$.comparisons", [&](const Object& object) -> absl::Status {
    Comparison& c = all.emplace_back();
    RETURN_IF_ERROR(object.Read("model_name", &c.model_name));
    RETURN_IF_ERROR(object.Read("reference_model_name", &c.reference_model_name));
    RETURN_IF_ERROR(object.Read("metric_name", &c.metric_name));
    if (c.metric_name.empty()) return Wrong(object.Where("metric_name"), "the name of a metric");
    RETURN_IF_ERROR(object.Read("output_name", &c.output_name));
    RETURN_IF_ERROR(object.Read("sub_key", &c.sub_key));
    RETURN_IF_ERROR(object.Read("aggregation", &c.aggregation));
    RETURN_IF_ERROR(object.Read("example_weighted", &c.example_weighted));
    RETURN_IF_ERROR(object.ReadSlice("slice", &c.slice));
    RETURN_IF_ERROR(object.Required("difference", &c.difference));
    RETURN_IF_ERROR(object.Read("lower_bound", &c.lower_bound));
    RETURN_IF_ERROR(object.Read("upper_bound", &c.upper_bound));
    RETURN_IF_ERROR(object.Read("p_value", &c.p_value));
    return object.Read("method", &c.method);
  }));
  return all;
}

absl::StatusOr<Disagreements> ParseDisagreements(absl::string_view json) {
  ASSIGN_OR_RETURN(const Value value, Parse(json));
  Disagreements all;
  const Value* examples = &value;
  if (value.kind_case() != Value::kListValue) {
    ASSIGN_OR_RETURN(const Object root, Object::From(value, "$"));
    RETURN_IF_ERROR(root.Read("total", &all.total));
    RETURN_IF_ERROR(root.Read("by", &all.by));
    examples = root.Find("examples");
    if (const Value* slices = root.Find("slices"); slices != nullptr) {
      RETURN_IF_ERROR(ForEachObject(*slices, "$.slices", [&](const Object& object) -> absl::Status {
        DisagreementSlice& slice = all.slices.emplace_back();
        RETURN_IF_ERROR(object.ReadSlice("slice", &slice.slice));
        RETURN_IF_ERROR(object.Required("disagreeing", &slice.disagreeing));
        RETURN_IF_ERROR(object.Required("examples", &slice.examples));
        RETURN_IF_ERROR(object.Read("p_value", &slice.p_value));
        return object.Read("adjusted_p_value", &slice.adjusted_p_value);
      }));
    }
  }
  if (examples != nullptr) {
    RETURN_IF_ERROR(ForEachObject(*examples, "$.examples", [&](const Object& object) -> absl::Status {
      ASSIGN_OR_RETURN(DisagreementExample example, ParseExample(object));
      all.examples.push_back(std::move(example));
      return absl::OkStatus();
    }));
  }
  return all;
}

std::string SliceTextName(const SliceText& slice) {
  if (slice.empty()) return "Overall";
  return absl::StrJoin(slice, ", ", [](std::string* out, const auto& part) {
    absl::StrAppend(out, PrintableText(part.first), ": ", part.second.empty() ? "(empty)" : PrintableText(part.second));
  });
}

absl::StatusOr<Sidecars> ReadSidecars(absl::string_view directory) {
  Sidecars sidecars;
  RETURN_IF_ERROR(ReadIfThere(directory, kModelFactsFile, &ParseModelFacts, &sidecars.facts));
  RETURN_IF_ERROR(ReadIfThere(directory, kComparisonsFile, &ParseComparisons, &sidecars.comparisons));
  RETURN_IF_ERROR(ReadIfThere(directory, kDisagreementsFile, &ParseDisagreements, &sidecars.disagreements));
  return sidecars;
}

}  // namespace tfxm::report
