// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/infer_schema.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/statistics/schema/domains.h"
#include "tfxm/statistics/schema/fit_feature.h"
#include "tfxm/statistics/schema/semantic_domains.h"
#include "tfxm/statistics/schema/text_proto.h"
#include "tfxm/statistics/validate/check_composite.h"
#include "tfxm/statistics/validate/check_feature.h"
#include "tfxm/statistics/validate/statistics_view.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::Schema;
using tensorflow::metadata::v0::StringDomain;

StringDomain* FindStringDomain(const std::string& name, Schema* schema) {
  for (StringDomain& domain : *schema->mutable_string_domain()) {
    if (domain.name() == name) return &domain;
  }
  return nullptr;
}

// A new domain named `name`, or name2, name3, … if that is taken.
StringDomain* AddStringDomain(const std::string& name, Schema* schema) {
  std::string unique = name;
  for (int i = 2; FindStringDomain(unique, schema) != nullptr; ++i) unique = absl::StrCat(name, i);
  StringDomain* domain = schema->add_string_domain();
  domain->set_name(unique);
  return domain;
}

void RemoveStringDomain(const std::string& name, Schema* schema) {
  auto* domains = schema->mutable_string_domain();
  domains->erase(std::remove_if(domains->begin(), domains->end(),
                                [&](const StringDomain& domain) { return domain.name() == name; }),
                 domains->end());
  std::vector<Feature*> open;
  for (Feature& feature : *schema->mutable_feature()) open.push_back(&feature);
  while (!open.empty()) {
    Feature* feature = open.back();
    open.pop_back();
    if (feature->domain() == name) feature->clear_domain_info();
    if (!feature->has_struct_domain()) continue;
    for (Feature& child : *feature->mutable_struct_domain()->mutable_feature()) open.push_back(&child);
  }
}

void InferDomain(const FeatureView& view, int max_string_domain_size, Feature* feature, Schema* schema) {
  if (InferSemanticDomain(view, feature)) return;
  if (view.has_invalid_utf8() || view.stats().type() == FeatureNameStatistics::BYTES) return;
  if (SuggestsBoolDomain(view)) {
    *feature->mutable_bool_domain() = InferBoolDomain(view);
  } else if (SuggestsIntDomain(view)) {
    feature->mutable_int_domain();
  } else if (SuggestsStringDomain(view, max_string_domain_size)) {
    StringDomain* domain = AddStringDomain(SerializePath(view.path()), schema);
    FitStringDomain(view, /*max_off_domain=*/0, domain);
    feature->set_domain(domain->name());
  }
}

// The parent of a nested feature must be in the schema already.
void AddFeature(const FeatureView& view, const InferSchemaOptions& options, Schema* schema) {
  FeaturePath path = view.path();
  const std::string name = path.back();
  path.pop_back();
  Feature* feature;
  if (path.empty()) {
    feature = schema->add_feature();
  } else {
    Feature* parent = FindFeature(path, schema);
    if (parent == nullptr) return;
    feature = parent->mutable_struct_domain()->add_feature();
  }
  feature->set_name(name);
  feature->set_type(view.type());
  feature->mutable_presence()->set_min_count(view.num_present() < 1 ? 0 : 1);
  if (view.num_present() > 0) {
    if (view.num_missing() == 0) feature->mutable_presence()->set_min_fraction(1);
    if (options.infer_feature_shape) InferShape(view, feature);
    if (!feature->has_shape()) InferValueCount(view, feature);
  }
  if (view.stats().has_validation_derived_source()) MarkDerived(view.stats().validation_derived_source(), feature);
  InferDomain(view, options.max_string_domain_size, feature, schema);
}

Schema FitSchema(Schema schema, const DatasetFeatureStatistics& dataset, const InferSchemaOptions& options) {
  const DatasetView view(&dataset, DatasetView::HasWeights(dataset));
  const Schema original = schema;
  const FitContext context{.schema = &original};
  std::vector<const FeatureView*> features;
  for (const FeatureView& feature : view.features()) features.push_back(&feature);
  // Parents before their children.
  std::stable_sort(features.begin(), features.end(),
                   [](const FeatureView* a, const FeatureView* b) { return a->path().size() < b->path().size(); });
  CheckComposites(dataset, &schema);
  std::set<FeaturePath> deprecated;
  for (const FeatureView* feature_view : features) {
    FeaturePath path = feature_view->path();
    if (path.empty() || IsComposite(path, original)) continue;
    FeaturePath parent(path.begin(), path.end() - 1);
    if (deprecated.count(parent) > 0) {
      deprecated.insert(path);
      continue;
    }
    Feature* feature = FindFeature(path, &schema);
    if (feature == nullptr) {
      AddFeature(*feature_view, options, &schema);
      continue;
    }
    const std::string domain = feature->domain();
    const FeatureFit fit =
        FitFeature(context, *feature_view, feature, domain.empty() ? nullptr : FindStringDomain(domain, &schema));
    if (fit.remove_shared_domain) RemoveStringDomain(domain, &schema);
    if (IsDeprecated(*feature)) deprecated.insert(path);
  }
  for (const FeaturePath& path : MissingFeatures(schema, view, std::nullopt)) Deprecate(FindFeature(path, &schema));
  return schema;
}

}  // namespace

absl::StatusOr<Schema> InferSchema(const DatasetFeatureStatisticsList& statistics, const InferSchemaOptions& options) {
  ASSIGN_OR_RETURN(const DatasetFeatureStatistics* dataset, DefaultDataset(statistics));
  return FitSchema(Schema(), *dataset, options);
}

absl::StatusOr<Schema> UpdateSchema(const Schema& schema, const DatasetFeatureStatisticsList& statistics,
                                    int max_string_domain_size) {
  ASSIGN_OR_RETURN(const DatasetFeatureStatistics* dataset, DefaultDataset(statistics));
  return FitSchema(schema, *dataset, {.infer_feature_shape = false, .max_string_domain_size = max_string_domain_size});
}

absl::StatusOr<Schema> ReadSchema(absl::string_view path) {
  Schema schema;
  RETURN_IF_ERROR(io::ReadTextProto(path, &schema));
  return schema;
}

absl::Status WriteSchema(absl::string_view path, const Schema& schema) {
  return io::WriteFile(path, PrintAsPython(schema));
}

}  // namespace tfxm::statistics
