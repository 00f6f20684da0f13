// SPDX-License-Identifier: Apache-2.0

#include <map>
#include <string>

#include "absl/strings/escaping.h"
#include "tfxm/report/html/page_sections.h"

namespace tfxm::report {
namespace {

void WriteExample(const PageIndex& index, int evaluation, const DisagreementExample& example, JsonWriter& json) {
  json.BeginObject();
  if (example.has_index()) json.Key("index").Number(example.index());
  if (example.has_difference()) json.Key("difference").Number(example.difference());
  json.Key("label").Value(example.label()).Key("predictions").BeginArray();
  for (const auto& [model, value] : Sorted(example.predictions())) {
    const int place = index.ModelOf(evaluation, model);
    json.BeginArray().String(place >= 0 ? index.models()[place].name : model).Value(value);
    if (const auto score = example.scores().find(model); score != example.scores().end()) json.Number(score->second);
    json.End();
  }
  std::map<std::string, Image> images;
  json.End().Key("features").BeginObject();
  for (const auto& [name, value] : Sorted(example.features())) {
    const auto image = FeatureImage(value);
    if (image.ok() && *image) {
      images[name] = **image;
    } else {
      json.Key(name).Value(value);
    }
  }
  json.End().Key("images").BeginArray();
  for (const auto& [name, image] : images) {
    json.BeginObject().Key("name").String(name).Key("width").Number(image.width()).Key("height").Number(image.height());
    json.Key("channels").Number(image.channels()).Key("pixels").String(absl::Base64Escape(image.pixels())).End();
  }
  json.End().Key("slices").BeginArray();
  for (const auto& slice : example.slices()) json.String(SliceTextName(ToSliceText(slice)));
  json.End().End();
}

}  // namespace

void WriteDisagreements(const PageIndex& index, JsonWriter& json) {
  json.Key("disagreements").BeginArray();
  for (size_t e = 0; e < index.input().evaluations.size(); ++e) {
    const Disagreements& d = index.input().evaluations[e].sidecars.disagreements;
    if (d.examples().empty() && d.slices().empty()) continue;
    json.BeginObject().Key("evaluation").Number(static_cast<double>(e));
    json.Key("total").Number(d.has_total() ? d.total() : d.examples_size());
    json.Key("examples").BeginArray();
    for (const DisagreementExample& example : d.examples()) WriteExample(index, static_cast<int>(e), example, json);
    json.End().Key("slices").BeginArray();
    for (const DisagreementSlice& s : d.slices()) {
      json.BeginObject().Key("slice");
      json.String(SliceTextName(ToSliceText(s.slice())));
      json.Key("disagreeing").Number(s.disagreeing()).Key("examples").Number(s.examples());
      if (s.has_p_value()) json.Key("p_value").Number(s.p_value());
      if (s.has_adjusted_p_value()) json.Key("adjusted_p_value").Number(s.adjusted_p_value());
      json.End();
    }
    json.End().End();
  }
  json.End();
}

}  // namespace tfxm::report
