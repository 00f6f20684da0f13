// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/example_gen/base_example_gen.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "tfxm/components/example_gen/input_config.h"
#include "tfxm/components/example_gen/split_examples.h"
#include "tfxm/data/examples.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tfx::components::example_gen::SplitConfig;

constexpr char kAllowEmptySplits[] = "allow_empty_splits";

struct Config {
  std::string input_base;
  tfx::components::example_gen::Input input;
  tfx::components::example_gen::Output output;
};

absl::StatusOr<Config> ParseConfig(const Properties& exec_properties) {
  Config config;
  ASSIGN_OR_RETURN(config.input_base, StringProperty(exec_properties, "input_base"));
  ASSIGN_OR_RETURN(const std::string input, StringProperty(exec_properties, "input_config"));
  RETURN_IF_ERROR(Annotate(io::ParseJson(input, &config.input), "input_config"));
  const std::string output = StringPropertyOr(exec_properties, "output_config", "");
  if (!output.empty()) RETURN_IF_ERROR(Annotate(io::ParseJson(output, &config.output), "output_config"));
  return config;
}

// The name of what output_data_format says.
absl::StatusOr<std::string> CheckedPayloadFormat(const Properties& exec_properties, bool takes_sequence_examples) {
  namespace proto = tfx::components::example_gen;
  const int64_t format = IntPropertyOr(exec_properties, "output_data_format", proto::FORMAT_TF_EXAMPLE);
  if (format == proto::FORMAT_TF_EXAMPLE || (takes_sequence_examples && format == proto::FORMAT_TF_SEQUENCE_EXAMPLE)) {
    return proto::PayloadFormat_Name(static_cast<int>(format));
  }
  const std::string name =
      proto::PayloadFormat_IsValid(static_cast<int>(format)) ? proto::PayloadFormat_Name(static_cast<int>(format)) : "";
  return absl::InvalidArgumentError(
      absl::StrCat("payload_format ", name.empty() ? absl::StrCat(format) : name, " is not one of FORMAT_TF_EXAMPLE",
                   takes_sequence_examples
                       ? " and FORMAT_TF_SEQUENCE_EXAMPLE, which are what is read here"
                       : ", the only one that this component writes; ImportExampleGen reads tf.SequenceExamples"));
}

absl::StatusOr<double> TotalBytes(const std::vector<std::string>& files) {
  double bytes = 0;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const int64_t size, io::FileSize(file));
    bytes += static_cast<double>(size);
  }
  return bytes;
}

std::string FileList(const std::vector<std::string>& files) {
  constexpr size_t kMost = 5;
  const size_t n = std::min(files.size(), kMost);
  return absl::StrCat(absl::StrJoin(files.begin(), files.begin() + static_cast<ptrdiff_t>(n), ", "),
                      files.size() > n ? absl::StrCat(" and ", files.size() - n, " more") : "");
}

absl::Status CheckNotEmpty(const Config& config, absl::string_view wanted, const std::vector<std::string>& names,
                           const std::vector<SplitWriter>& writers, const SplitNotes& notes, bool allow_empty_splits) {
  if (notes.examples == 0) {
    return absl::InvalidArgumentError(absl::StrCat("the input in ", config.input_base, " has no record; give ", wanted,
                                                   ". Empty: ", FileList(notes.empty_files)));
  }
  if (allow_empty_splits) return absl::OkStatus();
  for (size_t i = 0; i < names.size(); ++i) {
    if (writers[i].num_records() > 0) continue;
    std::string why;
    if (config.output.split_config().splits_size() == 0) {
      why = absl::StrCat("no record is in the files of its pattern \"",
                         config.input.splits(static_cast<int>(i)).pattern(), "\"");
    } else if (const std::string& feature = config.output.split_config().partition_feature_name(); !feature.empty()) {
      why = absl::StrCat("each value of \"", feature, "\" (partition_feature_name) goes into one split, and all ",
                         notes.examples, " examples have values of others; take a feature with more values");
    } else {
      why = absl::StrCat("all ", notes.examples, " examples fall into other splits; it takes more data");
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "split \"", names[i], "\" is empty: ", why,
        ". To go on with it: --allow_empty_splits; what then validates or evaluates on the split, a Trainer or "
        "Evaluator, still has nothing to do it on"));
  }
  return absl::OkStatus();
}

// "60 examples (train 40, eval 20)", and what to look at.
std::string Summary(const Config& config, const std::vector<std::string>& names,
                    const std::vector<SplitWriter>& writers, const SplitNotes& notes) {
  std::vector<std::string> counts;
  for (size_t i = 0; i < names.size(); ++i) counts.push_back(absl::StrCat(names[i], " ", writers[i].num_records()));
  std::string text = absl::StrCat(notes.examples, " examples (", absl::StrJoin(counts, ", "), ")");
  if (!notes.empty_files.empty()) {
    absl::StrAppend(&text, "; warning: without a record: ", FileList(notes.empty_files));
  }
  for (const std::string& warning : notes.warnings) absl::StrAppend(&text, "; warning: ", warning);
  if (notes.several_partition_values) {
    absl::StrAppend(&text, "; warning: \"", config.output.split_config().partition_feature_name(),
                    "\" has several values in some examples, which are hashed together, as TFX does");
  }
  std::fprintf(stderr, "%s\n", text.c_str());
  return text;
}

}  // namespace

absl::Status BaseExampleGen::Do(const ArtifactDict& inputs, const Properties& exec_properties,
                                const ExecutorContext& context, ArtifactDict* outputs) {
  ASSIGN_OR_RETURN(const Config config, ParseConfig(exec_properties));
  ASSIGN_OR_RETURN(const std::string payload_format, CheckedPayloadFormat(exec_properties, TakesSequenceExamples()));
  ASSIGN_OR_RETURN(Artifact* const examples, SingleArtifact(outputs, "examples"));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, OutputSplitNames(config.input, config.output));
  std::vector<SplitWriter> writers(names.size());
  const auto open = [&](size_t i, double bytes) {
    return writers[i].Open(data::SplitDir(examples->uri, names[i]), NumShards(bytes));
  };
  SplitNotes notes;
  std::vector<std::string> left_out;
  const SplitConfig& split_config = config.output.split_config();
  if (split_config.splits_size() > 0) {
    ASSIGN_OR_RETURN(const std::vector<std::string> files,
                     InputFiles(config.input_base, config.input.splits(0), &left_out));
    ASSIGN_OR_RETURN(const double bytes, TotalBytes(files));
    double buckets = 0;
    for (const auto& split : split_config.splits()) buckets += split.hash_buckets();
    for (size_t i = 0; i < names.size(); ++i) {
      RETURN_IF_ERROR(open(i, bytes * split_config.splits(static_cast<int>(i)).hash_buckets() / buckets));
    }
    ASSIGN_OR_RETURN(const auto source, Open(files, exec_properties));
    RETURN_IF_ERROR(SplitExamples(source.get(), split_config, context.progress, absl::MakeSpan(writers), &notes));
  } else {
    for (size_t i = 0; i < names.size(); ++i) {
      ASSIGN_OR_RETURN(const std::vector<std::string> files,
                       InputFiles(config.input_base, config.input.splits(static_cast<int>(i)), &left_out));
      ASSIGN_OR_RETURN(const double bytes, TotalBytes(files));
      RETURN_IF_ERROR(open(i, bytes));
      ASSIGN_OR_RETURN(const auto source, Open(files, exec_properties));
      RETURN_IF_ERROR(
          SplitExamples(source.get(), SplitConfig(), context.progress, absl::MakeSpan(&writers[i], 1), &notes));
    }
  }
  for (SplitWriter& writer : writers) RETURN_IF_ERROR(writer.Close());
  if (!left_out.empty()) {
    notes.warnings.push_back(absl::StrCat("left out, because the name begins with _: ", FileList(left_out)));
  }
  RETURN_IF_ERROR(
      CheckNotEmpty(config, Wanted(), names, writers, notes, IntPropertyOr(exec_properties, kAllowEmptySplits, 0)));
  context.progress(Summary(config, names, writers, notes), 1);
  examples->properties["split_names"] = data::EncodeSplitNames(names);
  const int64_t span = IntPropertyOr(exec_properties, "span", 0);
  examples->properties["span"] = span;
  examples->custom_properties["span"] = span;
  if (exec_properties.count("version") > 0) {
    examples->custom_properties["version"] = IntPropertyOr(exec_properties, "version", 0);
  }
  examples->custom_properties["input_fingerprint"] = StringPropertyOr(exec_properties, "input_fingerprint", "");
  examples->custom_properties["payload_format"] = payload_format;
  examples->custom_properties["file_format"] = std::string("tfrecords_gzip");
  return absl::OkStatus();
}

absl::Status FileBasedDriver::ResolveExecProperties(Properties* exec_properties) {
  ASSIGN_OR_RETURN(const Config config, ParseConfig(*exec_properties));
  RETURN_IF_ERROR(OutputSplitNames(config.input, config.output).status());
  tfx::configs::RangeConfig range_config;
  const std::string range = StringPropertyOr(*exec_properties, "range_config", "");
  if (!range.empty()) RETURN_IF_ERROR(Annotate(io::ParseJson(range, &range_config), "range_config"));
  ASSIGN_OR_RETURN(const ResolvedInput resolved,
                   ResolveInput(config.input_base, config.input, range.empty() ? nullptr : &range_config));
  if (resolved.input.SerializeAsString() != config.input.SerializeAsString()) {
    ASSIGN_OR_RETURN((*exec_properties)["input_config"], io::ToJson(resolved.input));
  }
  (*exec_properties)["span"] = resolved.span;
  if (resolved.version) (*exec_properties)["version"] = *resolved.version;
  (*exec_properties)["input_fingerprint"] = resolved.fingerprint;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> FileBasedDriver::InputFilesOf(const Properties& exec_properties) {
  ASSIGN_OR_RETURN(const Config config, ParseConfig(exec_properties));
  std::vector<std::string> all;
  for (const auto& split : config.input.splits()) {
    ASSIGN_OR_RETURN(const std::vector<std::string> files, InputFiles(config.input_base, split));
    all.insert(all.end(), files.begin(), files.end());
  }
  return all;
}

}  // namespace tfxm
