// SPDX-License-Identifier: Apache-2.0

// docs/components/NAME.md against the components as they are: each has the inputs, outputs, parameters and exec
// properties that the page says, and no others.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "tfxm/dsl/components.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using Names = std::set<std::string>;

// The first cells, without their backquotes, of the table below a heading, with the second cell.
std::map<std::string, std::string> Table(const std::string& page, absl::string_view heading) {
  std::map<std::string, std::string> rows;
  const size_t at = page.find(absl::StrCat("\n## ", heading, "\n"));
  if (at == std::string::npos) return rows;
  std::string section = page.substr(at + 4);
  section = section.substr(0, section.find("\n## "));
  for (const absl::string_view line : absl::StrSplit(section, '\n')) {
    const std::vector<absl::string_view> cells = absl::StrSplit(line, '|');
    if (cells.size() < 3 || !absl::StartsWith(line, "| `")) continue;
    const std::string cell(absl::StripAsciiWhitespace(cells[1]));
    rows[cell.substr(1, cell.size() - 2)] = std::string(absl::StripAsciiWhitespace(cells[2]));
  }
  return rows;
}

Names Keys(const std::map<std::string, std::string>& rows) {
  Names names;
  for (const auto& [name, value] : rows) names.insert(name);
  return names;
}

// The members of struct NAMEParameters in components.h.
Names ParametersOf(const std::string& header, const std::string& component) {
  Names names;
  const std::string start = absl::StrCat("\nstruct ", component, "Parameters {\n");
  const size_t at = header.find(start);
  EXPECT_NE(at, std::string::npos) << component;
  std::string body = header.substr(at + start.size());
  body = body.substr(0, body.find("\n};"));
  std::string code;
  for (absl::string_view line : absl::StrSplit(body, '\n'))
    absl::StrAppend(&code, line.substr(0, line.find("//")), " ");
  for (const absl::string_view member : absl::StrSplit(code, ';')) {
    const absl::string_view declaration = absl::StripAsciiWhitespace(member.substr(0, member.find('=')));
    if (const size_t space = declaration.rfind(' '); space != absl::string_view::npos) {
      names.emplace(declaration.substr(space + 1));
    }
  }
  return names;
}

TEST(ComponentReferenceTest, ThePagesAreWhatTheComponentsAre) {
  const Channel channel(standard_artifacts::Model());
  const Properties some = {{"a", int64_t{1}}};
  // With all that only shows if it is given.
  const std::map<std::string, Node> nodes = {
      {"ImportExampleGen",
       ImportExampleGen(
           {.input_base = "data", .range_config = RangeConfig{}, .allow_empty_splits = true, .custom_config = some})},
      {"CsvExampleGen", CsvExampleGen({.input_base = "data",
                                       .range_config = RangeConfig{},
                                       .allow_empty_splits = true,
                                       .delimiter = ";",
                                       .encoding = "cp932",
                                       .bad_rows = "skip",
                                       .schema_file = "schema.pbtxt",
                                       .custom_config = some})},
      {"ParquetExampleGen", ParquetExampleGen({.input_base = "data",
                                               .range_config = RangeConfig{},
                                               .allow_empty_splits = true,
                                               .columns = {"a", "b"},
                                               .custom_config = some})},
      {"JsonlExampleGen",
       JsonlExampleGen(
           {.input_base = "data", .range_config = RangeConfig{}, .allow_empty_splits = true, .custom_config = some})},
      {"ImageExampleGen", ImageExampleGen({.input_base = "data",
                                           .range_config = RangeConfig{},
                                           .allow_empty_splits = true,
                                           .labels_file = "labels.csv",
                                           .custom_config = some})},
      {"StatisticsGen", StatisticsGen({.examples = channel, .schema = channel, .stats_options = "{}"})},
      {"SchemaGen", SchemaGen({.statistics = channel})},
      {"ImportSchemaGen", ImportSchemaGen({.schema_file = "schema.pbtxt"})},
      {"ExampleValidator", ExampleValidator({.statistics = channel,
                                             .schema = channel,
                                             .previous_span_statistics = channel,
                                             .previous_version_statistics = channel,
                                             .serving_statistics = channel,
                                             .validation_options = "{}"})},
      {"DistributionValidator",
       DistributionValidator({.statistics = channel, .baseline_statistics = channel, .config = {}})},
      {"ExampleDiff", ExampleDiff({.examples_test = channel, .examples_base = channel, .config = {}})},
      {"Transform",
       Transform({.examples = channel, .schema = channel, .splits_config = SplitsConfig{}, .analyzer_cache = channel})},
      {"Trainer", Trainer({.examples = channel,
                           .transform_graph = channel,
                           .schema = channel,
                           .base_model = channel,
                           .hyperparameters = channel,
                           .num_threads = 1})},
      {"Tuner", Tuner({.module_file = "utils.py",
                       .examples = channel,
                       .transform_graph = channel,
                       .schema = channel,
                       .base_model = channel})},
      {"Evaluator", Evaluator({.examples = channel,
                               .model = channel,
                               .baseline_model = channel,
                               .schema = channel,
                               .transform_graph = channel,
                               .module_file = "metrics.cc"})},
      {"Pusher", Pusher({.model = channel,
                         .model_blessing = channel,
                         .infra_blessing = channel,
                         .push_destination = PushDestination{}})},
      {"BulkInferrer", BulkInferrer({.examples = channel,
                                     .model = channel,
                                     .model_blessing = channel,
                                     .output_example_spec = OutputExampleSpec{}})},
      {"ModelRewriter", ModelRewriter({.model = channel, .examples = channel, .transform_graph = channel})},
      {"Resolver", Resolver({.strategy_class = kLatestArtifactStrategy, .channels = {{"KEY", channel}}})},
      {"Importer", Importer({.source_uri = "model", .artifact_type = standard_artifacts::Model()})},
  };
  const std::string header = io::ReadFile("tfxm/dsl/components.h").value();
  for (const auto& [name, node] : nodes) {
    SCOPED_TRACE(name);
    const auto page = io::ReadFile(absl::StrCat("docs/components/", name, ".md"));
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_TRUE(absl::StrContains(*page, "```cpp\n")) << "an example";
    Names inputs, outputs, properties;
    for (const auto& [key, input] : node.spec().inputs) {
      inputs.insert(key);
      if (name != "Resolver") {
        EXPECT_EQ(Table(*page, "Inputs")[key], input.type_name) << key;
      }
    }
    for (const auto& [key, output] : node.spec().outputs) {
      outputs.insert(key);
      if (key != "KEY" && name != "Importer") {
        EXPECT_EQ(Table(*page, "Outputs")[key], output.type.name) << key;
      }
    }
    if (name == "BulkInferrer") outputs.insert("inference_result");  // Without an output_example_spec.
    for (const auto& [key, value] : node.spec().exec_properties) properties.insert(key);
    EXPECT_EQ(Keys(Table(*page, "Inputs")), inputs);
    EXPECT_EQ(Keys(Table(*page, "Outputs")), outputs);
    EXPECT_EQ(Keys(Table(*page, "Exec properties")), properties);
    EXPECT_EQ(Keys(Table(*page, "Parameters")), ParametersOf(header, name));
    EXPECT_TRUE(absl::StrContains(io::ReadFile("docs/components/README.md").value(), absl::StrCat("(", name, ".md)")));
  }
  // No component of the header is without a page.
  size_t parameters = 0;
  for (size_t at = header.find("Parameters {"); at != std::string::npos; at = header.find("Parameters {", at + 1))
    ++parameters;
  EXPECT_EQ(parameters, nodes.size());
}

}  // namespace
}  // namespace tfxm
