// SPDX-License-Identifier: Apache-2.0

// Whether the first line of a CSV file is one of names, or a row of data in a file without such a line.
//
//   WhyNamesLookLikeData({"5.1", "setosa"}, cells);  // "iris.csv: the first line looks like data: …"
#ifndef TFXM_TABLES_INTERNAL_CSV_NAMES_H_
#define TFXM_TABLES_INTERNAL_CSV_NAMES_H_

#include <string>
#include <vector>

#include "tfxm/tables/internal/csv_blocks.h"

namespace tfxm::tables {

inline constexpr char kNamesAdvice[] =
    "If the first line is not one of names, put one before it, or say them with --column_names=a,b,c where the command "
    "takes that";

// Whether some name is a number, and the numbers are not those of columns that are counted (0,1,2,… or
// 2019,2020,2021,2022).
bool LooksLikeRow(const std::vector<std::string>& names);

// What to say if at least half of the names are such as the cells below them: numbers above numbers, dates above dates,
// or a text that is there again; empty if they are names. `cells` are those of the first rows.
std::string WhyNamesLookLikeData(const std::vector<std::string>& names, const CsvCells& cells);

// What to say of names that are easily taken for others, a line each: with white space around them (`name, age`), and
// of a first column without one.
std::vector<std::string> UnusualNames(const std::string& file, const std::vector<std::string>& names);

// What to say if there is one column, whose name and first cell have another character that usually separates cells; else
// empty.
std::string WhyDelimiterIsDoubtful(const std::vector<std::string>& names, const CsvCells& cells);

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_INTERNAL_CSV_NAMES_H_
