// SPDX-License-Identifier: Apache-2.0

// What TFMA's to_label_prediction_example_weight yields for the examples of its documentation, and beyond.
#include "tfxm/model_analysis/pass/views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tfxm::model_analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

Values Numbers(std::vector<std::vector<double>> rows) {
  Values values;
  for (const auto& row : rows) {
    values.numbers.insert(values.numbers.end(), row.begin(), row.end());
    values.ends.push_back(static_cast<int32_t>(values.numbers.size()));
  }
  return values;
}

Extracts Single(std::vector<std::vector<double>> labels, std::vector<std::vector<double>> predictions,
                std::vector<std::vector<double>> weights = {}) {
  Extracts extracts;
  extracts.num_examples = static_cast<int>(predictions.size());
  extracts.models.resize(1);
  extracts.models[0].labels = {{"", Numbers(labels)}};
  extracts.models[0].predictions = {{"", Numbers(predictions)}};
  if (!weights.empty()) extracts.models[0].example_weights = {{"", Numbers(weights)}};
  return extracts;
}

struct Flattened {
  std::vector<double> labels, predictions, weights;
};

absl::StatusOr<Flattened> Flat(const ViewSpec& spec, const Extracts& extracts) {
  ViewTable table;
  const FlatViewId view = table.AddFlat(spec);
  BatchViews views(&table);
  views.Reset(&extracts);
  auto flat = views.Flat(view);
  if (!flat.ok()) return flat.status();
  return Flattened{(*flat)->labels, (*flat)->predictions, (*flat)->weights};
}

TEST(ViewsTest, BinaryIsOneTriple) {
  const auto flat = Flat({}, Single({{1}}, {{0.6}}));
  EXPECT_THAT(flat->labels, ElementsAre(1));
  EXPECT_THAT(flat->predictions, ElementsAre(0.6));
  EXPECT_THAT(flat->weights, ElementsAre(1));
}

TEST(ViewsTest, AClassIndexBecomesOneHot) {
  const auto flat = Flat({.example_weighted = true}, Single({{2}}, {{0.3, 0.6, 0.1}}, {{5}}));
  EXPECT_THAT(flat->labels, ElementsAre(0, 0, 1));
  EXPECT_THAT(flat->predictions, ElementsAre(0.3, 0.6, 0.1));
  EXPECT_THAT(flat->weights, ElementsAre(5, 5, 5));
}

TEST(ViewsTest, AnUnknownClassIsNoClass) {
  EXPECT_THAT(Flat({}, Single({{-1}}, {{0.3, 0.6}}))->labels, ElementsAre(0, 0));
}

TEST(ViewsTest, ClassId) {
  EXPECT_THAT(Flat({.sub_key = {.class_id = 2}}, Single({{2}}, {{0.3, 0.6, 0.1}}))->labels, ElementsAre(1));
  const auto dense = Flat({.sub_key = {.class_id = 2}}, Single({{0, 0, 1}}, {{0.3, 0.6, 0.1}}));
  EXPECT_THAT(dense->labels, ElementsAre(1));
  EXPECT_THAT(dense->predictions, ElementsAre(0.1));
  EXPECT_THAT(std::string(Flat({.sub_key = {.class_id = 3}}, Single({{2}}, {{0.3, 0.6, 0.1}})).status().message()),
              HasSubstr("class_id 3 is out of range"));
}

TEST(ViewsTest, TopKLeavesTheOthersAtMinusInfinity) {
  const auto flat = Flat({.sub_key = {.top_k = 2}}, Single({{2}}, {{0.3, 0.6, 0.1}}));
  EXPECT_THAT(flat->labels, ElementsAre(0, 0, 1));
  EXPECT_THAT(flat->predictions, ElementsAre(0.3, 0.6, kMinusInfinity));
}

TEST(ViewsTest, AggregatedTopKLeavesTheOthersOut) {
  const auto flat = Flat({.sub_key = {.top_k = 2}, .aggregated = true}, Single({{2}}, {{0.3, 0.6, 0.1}}));
  EXPECT_THAT(flat->labels, ElementsAre(0, 0));
  EXPECT_THAT(flat->predictions, ElementsAre(0.3, 0.6));
}

TEST(ViewsTest, KIsTheKthLargest) {
  const auto flat = Flat({.sub_key = {.k = 2}}, Single({{0}}, {{0.3, 0.6, 0.1}}));
  EXPECT_THAT(flat->labels, ElementsAre(1));
  EXPECT_THAT(flat->predictions, ElementsAre(0.3));
  EXPECT_FALSE(Flat({.sub_key = {.k = 4}}, Single({{0}}, {{0.3, 0.6, 0.1}})).ok());
}

TEST(ViewsTest, ClassWeightsMultiplyAndDefaultToZero) {
  EXPECT_THAT(
      Flat({.class_weights = {{0, 2.0}, {2, 0.5}}, .example_weighted = true}, Single({{1}}, {{0.3, 0.6, 0.1}}, {{4}}))
          ->weights,
      ElementsAre(8, 0, 2));
}

TEST(ViewsTest, FractionalLabelsSplitTheWeight) {
  const auto flat = Flat({.example_weighted = true, .fractional_labels = true}, Single({{0.25}}, {{0.6}}, {{4}}));
  EXPECT_THAT(flat->labels, ElementsAre(0, 1));
  EXPECT_THAT(flat->predictions, ElementsAre(0.6, 0.6));
  EXPECT_THAT(flat->weights, ElementsAre(3, 1));
  EXPECT_FALSE(Flat({.fractional_labels = true}, Single({{1.5}}, {{0.6}})).ok());
}

TEST(ViewsTest, SelectsAnOutput) {
  Extracts extracts = Single({{1}}, {{0.5}});
  extracts.models[0].predictions = {{"a", Numbers({{0.1}})}, {"b", Numbers({{0.2}})}};
  EXPECT_THAT(Flat({.output_name = "b"}, extracts)->predictions, ElementsAre(0.2));
  EXPECT_THAT(Flat({.prediction_key = "a"}, extracts)->predictions, ElementsAre(0.1));
  EXPECT_THAT(std::string(Flat({}, extracts).status().message()), HasSubstr("several outputs"));
  EXPECT_THAT(std::string(Flat({.output_name = "c"}, extracts).status().message()), HasSubstr("\"a\", \"b\""));
}

TEST(ViewsTest, TheUsualNameOfThePredictionIsFound) {
  Extracts extracts = Single({{1}}, {{0.5}});
  extracts.models[0].predictions = {{"classes", Numbers({{1}})}, {"probabilities", Numbers({{0.2}})}};
  EXPECT_THAT(Flat({}, extracts)->predictions, ElementsAre(0.2));
}

TEST(ViewsTest, StringLabelsAreLookedUpInTheModelsVocabulary) {
  Extracts extracts = Single({{0}}, {{0.5}});
  Values labels, classes;
  labels.is_string = classes.is_string = true;
  labels.strings = {"dog"};
  labels.ends = {1};
  classes.strings = {"cat", "dog"};
  classes.ends = {2};
  extracts.models[0].labels = {{"", labels}};
  extracts.models[0].predictions = {{"all_classes", classes}, {"scores", Numbers({{0.3, 0.7}})}};
  EXPECT_THAT(Flat({}, extracts)->labels, ElementsAre(0, 1));
}

TEST(ViewsTest, AMissingLabelIsAnErrorUnlessAllowed) {
  EXPECT_THAT(std::string(Flat({}, Single({{}}, {{0.5}})).status().message()), HasSubstr("no label"));
  EXPECT_TRUE(std::isnan(Flat({.allow_missing_label = true}, Single({{}}, {{0.5}}))->labels[0]));
}

TEST(ViewsTest, SeveralWeightsForOneExampleMustAgreeInLists) {
  const Extracts extracts = Single({{1, 0}}, {{0.5, 0.6}}, {{1, 2}});
  EXPECT_THAT(Flat({.example_weighted = true}, extracts)->weights, ElementsAre(1, 2));
  ViewTable table;
  const ListViewId view = table.AddList({.example_weighted = true});
  BatchViews views(&table);
  views.Reset(&extracts);
  EXPECT_THAT(std::string(views.List(view).status().message()), HasSubstr("differ"));
}

TEST(ViewTableTest, EqualSpecsShareAView) {
  ViewTable table;
  EXPECT_EQ(table.AddFlat({.sub_key = {.class_id = 1}}), table.AddFlat({.sub_key = {.class_id = 1}}));
  EXPECT_NE(table.AddFlat({.sub_key = {.class_id = 1}}), table.AddFlat({.sub_key = {.class_id = 2}}));
}

}  // namespace
}  // namespace tfxm::model_analysis
