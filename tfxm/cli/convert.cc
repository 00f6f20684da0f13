// SPDX-License-Identifier: Apache-2.0

// tfxm convert
#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/csv_flags.h"
#include "tfxm/components/example_gen/convert_examples.h"
#include "tfxm/components/example_gen/image_source.h"
#include "tfxm/components/example_gen/input_config.h"
#include "tfxm/components/example_gen/labelled_images.h"
#include "tfxm/components/example_gen/tfrecord_source.h"
#include "tfxm/data/examples.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::cli {
namespace {

class ConvertCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm convert --csv=GLOB --output=DIR",
        "Turns CSV, Parquet, JSON Lines, pictures or TFRecord files into tf.Examples in splits, as the ExampleGens of a\n"
        "pipeline do: the same examples in the same splits. `tfxm head DIR/Split-train` shows some.\n\n"
        "Examples:\n"
        "  tfxm convert --csv=people.csv --output=people --splits=train:8,eval:1,test:1\n"
        "  tfxm convert --images=flowers --output=examples      # flowers/rose/1.jpg, flowers/tulip/7.png, …");
    csv_.AddTo(&flags, "schema");
    flags.Add("parquet", &parquet_, "GLOB",
              "instead of --csv: Parquet files; folders called name=value are columns, too");
    flags.Add("columns", &columns_, "A,B,…", "--parquet: only these columns");
    flags.Add("jsonl", &jsonl_, "GLOB", "instead of --csv: a JSON object on each line");
    flags.Add("images", &images_, "DIR",
              "instead of --csv: PNG and JPEG files in folders that are called as their class");
    flags.Add("labels_file", &labels_file_, "FILE",
              "--images: a CSV file with the columns file, a path below DIR, and label, instead of such folders");
    flags.Add("tfrecord", &tfrecord_, "GLOB",
              "instead of --csv: TFRecords of tf.Examples or tf.SequenceExamples, which are split");
    flags.Add("output", &output_, "DIR", "a new folder: DIR/Split-NAME/data_tfrecord-SSSSS-of-NNNNN.gz").Required();
    flags.Add("splits", &splits_, "A:N,B:M", "names and how many of all hash buckets each has");
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    int given = csv_.given() ? 1 : 0;
    for (const std::string& input : {parquet_, jsonl_, images_, tfrecord_}) given += input.empty() ? 0 : 1;
    if (given != 1) return UsageError("give one of --csv, --parquet, --jsonl, --images and --tfrecord");
    if (!columns_.empty() && parquet_.empty()) return UsageError("--columns is for --parquet");
    if (!labels_file_.empty() && images_.empty()) return UsageError("--labels_file is for --images");
    ConvertOptions options = {.output_dir = output_};
    absl::StatusOr<std::vector<std::pair<std::string, uint32_t>>> splits = ParseSplits(splits_);
    if (!splits.ok()) return UsageError(absl::StrCat("--splits: ", splits.status().message()));
    options.splits = *splits;
    ASSIGN_OR_RETURN(const tables::CsvOptions csv_options, csv_.Options());
    LabelledImages images;
    std::vector<std::string> files;
    if (!images_.empty()) {
      ASSIGN_OR_RETURN(images, Images());
      for (const ImageFile& image : images.files) files.push_back(image.path);
    } else {
      ASSIGN_OR_RETURN(files,
                       csv_.given() ? csv_.Files() : data::MatchFiles(absl::StrCat(parquet_, jsonl_, tfrecord_)));
    }
    std::unique_ptr<data::ExampleSource> source;
    if (csv_.given()) {
      ASSIGN_OR_RETURN(source, tables::OpenCsv(files, csv_options));
    } else if (!parquet_.empty()) {
      tables::ParquetOptions parquet_options;
      if (!columns_.empty()) parquet_options.columns = absl::StrSplit(columns_, ',');
      ASSIGN_OR_RETURN(source, tables::OpenParquet(files, parquet_options));
    } else if (!jsonl_.empty()) {
      ASSIGN_OR_RETURN(source, tables::OpenJsonl(files, {}));
    } else {
      source = images_.empty() ? OpenTFRecords(files, /*sequence_examples=*/true)
                               : OpenImages(std::move(images.files), std::move(images.classes));
    }
    const bool show = isatty(STDERR_FILENO) != 0;
    if (show)
      options.progress = [](absl::string_view text, double) {
        std::fprintf(stderr, "\r%s", std::string(text).c_str());
      };
    const absl::StatusOr<Converted> converted = ConvertExamples(source.get(), files, options);
    if (show) std::fprintf(stderr, "\r\033[K");
    RETURN_IF_ERROR(converted.status());
    for (const std::string& warning : converted->warnings) Warn(warning);
    TextTable table({{"split"}, {"examples", TextTable::kRight}, {"files"}});
    for (const auto& [split, examples] : converted->examples) {
      table.AddRow({split, absl::StrCat(examples), data::SplitDir(output_, split)});
    }
    return Print(table.Text({.width = TerminalWidth()}));
  }

 private:
  absl::StatusOr<LabelledImages> Images() const {
    std::vector<std::string> files;
    if (labels_file_.empty()) {
      tfx::components::example_gen::Input::Split folders;
      folders.set_pattern("*/*");
      ASSIGN_OR_RETURN(files, InputFiles(images_, folders));
    }
    return LabelImages(files, files, images_, labels_file_);
  }

  CsvFlags csv_;
  std::string parquet_, columns_, jsonl_, images_, labels_file_, tfrecord_, output_, splits_ = "train:2,eval:1";
};

TFXM_REGISTER(CommandRegistry, "convert", [] { return std::make_unique<ConvertCommand>(); });

}  // namespace
}  // namespace tfxm::cli
