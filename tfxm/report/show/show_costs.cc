// SPDX-License-Identifier: Apache-2.0

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/proto/costs.h"
#include "tfxm/report/show/show_formats.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::report {
namespace {

std::string CellText(const ModelFacts& model, const std::string& name) {
  const auto it = model.numbers().find(name);
  return it == model.numbers().end() ? "" : ShortNumber(it->second);
}

}  // namespace

std::string CostsText(const Sidecars& sidecars, int width) {
  std::vector<std::string> names;
  std::set<std::string> others;
  for (const ModelFacts& model : sidecars.facts) {
    for (const auto& [name, number] : model.numbers()) others.insert(name);
  }
  // Those that the table does not have follow by name.
  for (const Cost& cost : kCosts) {
    if (others.erase(std::string(cost.name)) > 0) names.emplace_back(cost.name);
  }
  names.insert(names.end(), others.begin(), others.end());
  if (names.empty()) return "";
  std::vector<std::vector<std::string>> rows = {{"cost"}};
  for (const ModelFacts& model : sidecars.facts) rows[0].push_back(PrintableText(model.model_name()));
  for (const std::string& name : names) {
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(PrintableText(name));
    for (const ModelFacts& model : sidecars.facts) row.push_back(CellText(model, name));
  }
  return absl::StrCat("Costs\n", TextTable::OfRows(rows).Text({.width = width, .indent = "  "}));
}

}  // namespace tfxm::report
