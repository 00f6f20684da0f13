// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/schema/fit_schema.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/statistics/schema/domains.h"
#include "tfxm/statistics/schema/semantic_domains.h"
#include "tfxm/statistics/validate/check_composite.h"
#include "tfxm/statistics/validate/check_feature.h"
#include "tfxm/statistics/validate/statistics_view.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatistics;
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
void AddFeature(const FeatureView& view, const NewFeatureOptions& options, Schema* schema) {
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
    if (options.infer_shape) InferShape(view, feature);
    if (!feature->has_shape()) InferValueCount(view, feature);
  }
  if (view.stats().has_validation_derived_source()) MarkDerived(view.stats().validation_derived_source(), feature);
  InferDomain(view, options.max_string_domain_size, feature, schema);
}

Schema Fit(Schema schema, const DatasetFeatureStatistics& dataset, FitContext context, bool by_weight,
           const NewFeatureOptions& options) {
  const DatasetView view(&dataset, by_weight);
  const Schema original = schema;
  context.schema = &original;
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
  return schema;
}

}  // namespace

Schema FitSchema(Schema schema, const DatasetFeatureStatistics& dataset, FitContext context,
                 const NewFeatureOptions& options) {
  const bool by_weight = DatasetView::HasWeights(dataset);
  const std::optional<std::string> environment = context.environment;
  schema = Fit(std::move(schema), dataset, std::move(context), by_weight, options);
  const DatasetView view(&dataset, by_weight);
  for (const FeaturePath& path : MissingFeatures(schema, view, environment)) Deprecate(FindFeature(path, &schema));
  return schema;
}

Schema FitSchemaTo(const FeaturePath& path, Schema schema, const DatasetFeatureStatistics& dataset, FitContext context,
                   const NewFeatureOptions& options) {
  const bool by_weight = DatasetView::HasWeights(dataset);
  const bool is_new = FindFeature(path, schema) == nullptr;
  DatasetFeatureStatistics part;
  part.set_num_examples(dataset.num_examples());
  part.set_weighted_num_examples(dataset.weighted_num_examples());
  for (const FeatureNameStatistics& feature : dataset.features()) {
    const FeaturePath other = PathOf(feature);
    const bool is_inside = other.size() > path.size() && std::equal(path.begin(), path.end(), other.begin());
    if (other == path || (is_new && is_inside)) *part.add_features() = feature;
  }
  Feature* feature = FindFeature(path, &schema);
  if (feature != nullptr && DatasetView(&part, by_weight).Find(path) == nullptr &&
      IsRequired(schema, *feature, context.environment)) {
    Deprecate(feature);
  }
  return Fit(std::move(schema), part, std::move(context), by_weight, options);
}

}  // namespace tfxm::statistics
