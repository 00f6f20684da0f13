// SPDX-License-Identifier: Apache-2.0

// The plugin that reads Keras's weights.
#include "tfxm/nn/internal/weights/keras_weights_file.h"

#define H5_USE_110_API  // later releases change the parameters of H5Oget_info_by_name
#include <hdf5.h>
#include <zip.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/json/json.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_value.h"

namespace tfxm::nn {
namespace {

constexpr char kWeightsInArchive[] = "model.weights.h5", kConfigInArchive[] = "config.json";

// A handle of HDF5, closed at the end.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  bool ok() const { return id_ >= 0; }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

absl::Status Broken(absl::string_view path, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

// A file in an archive; NOT_FOUND if it is not there.
absl::StatusOr<std::string> Unzip(const std::string& path, const char* name) {
  int error = 0;
  zip_t* const archive = zip_open(path.c_str(), ZIP_RDONLY, &error);
  if (archive == nullptr) return Broken(path, "the archive cannot be read");
  const absl::Cleanup close_archive = [&] { zip_discard(archive); };
  zip_stat_t stat;
  if (zip_stat(archive, name, 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0) {
    return absl::NotFoundError(absl::StrCat(path, " is a zip, but no Keras archive: it has no ", name));
  }
  zip_file_t* const file = zip_fopen(archive, name, 0);
  if (file == nullptr) return Broken(path, zip_strerror(archive));
  const absl::Cleanup close_file = [&] { zip_fclose(file); };
  // The size is the archive's word, so it is not believed before the bytes are there.
  std::string content;
  std::string chunk(1 << 20, '\0');
  while (content.size() < stat.size) {
    const zip_int64_t n = zip_fread(file, chunk.data(), chunk.size());
    if (n <= 0) return Broken(path, absl::StrCat(name, " is not whole"));
    content.append(chunk.data(), static_cast<size_t>(n));
  }
  return content;
}

// An open file of weights.
class WeightsFile {
 public:
  static absl::StatusOr<std::unique_ptr<WeightsFile>> Open(absl::string_view path) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // Errors are returned, not printed.
    auto file = std::make_unique<WeightsFile>();
    file->path_ = std::string(path);
    ASSIGN_OR_RETURN(file->content_, io::ReadFile(path));
    file->is_archive_ = absl::StartsWith(file->content_, kZipMagic);
    if (file->is_archive_) {
      auto weights = Unzip(file->path_, kWeightsInArchive);
      if (absl::IsNotFound(weights.status())) return absl::InvalidArgumentError(weights.status().message());
      ASSIGN_OR_RETURN(file->content_, std::move(weights));
    }
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    if (!access.ok() || H5Pset_fapl_core(access, 1 << 20, /*backing_store=*/false) < 0 ||
        H5Pset_file_image(access, file->content_.data(), file->content_.size()) < 0) {
      return absl::InternalError("HDF5 takes no file in memory");
    }
    file->file_ = H5Fopen("keras_weights", H5F_ACC_RDONLY, access);
    if (file->file_ < 0) return Broken(path, "is not a whole HDF5 file");
    return file;
  }
  ~WeightsFile() {
    if (file_ >= 0) H5Fclose(file_);
  }

  const std::string& path() const { return path_; }
  // Whether it is a `.keras` file.
  bool is_archive() const { return is_archive_; }
  bool Has(const std::string& name) const {
    // Each part of the path, as HDF5 asks for.
    for (size_t end = name.find('/'); end != std::string::npos; end = name.find('/', end + 1)) {
      if (H5Lexists(file_, name.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    }
    return H5Lexists(file_, name.c_str(), H5P_DEFAULT) > 0;
  }
  bool IsGroup(const std::string& name) const {
    H5O_info_t info;
    return H5Oget_info_by_name(file_, name.c_str(), &info, H5P_DEFAULT) >= 0 && info.type == H5O_TYPE_GROUP;
  }
  // The names in a group, sorted; none if there is no such group.
  std::vector<std::string> Children(const std::string& name) const {
    std::vector<std::string> children;
    const auto add = [](hid_t, const char* child, const H5L_info_t*, void* names) -> herr_t {
      static_cast<std::vector<std::string>*>(names)->push_back(child);
      return 0;
    };
    H5Literate_by_name(file_, name.c_str(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &children, H5P_DEFAULT);
    return children;
  }
  // The strings of an attribute; none if there is no such attribute.
  std::vector<std::string> Strings(const std::string& object, const char* attribute) const {
    std::vector<std::string> strings;
    if (H5Aexists_by_name(file_, object.c_str(), attribute, H5P_DEFAULT) <= 0) return strings;
    const Handle opened(H5Aopen_by_name(file_, object.c_str(), attribute, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    const Handle type(H5Aget_type(opened), H5Tclose), space(H5Aget_space(opened), H5Sclose);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    if (!opened.ok() || !type.ok() || n <= 0 || H5Tget_class(type) != H5T_STRING) return strings;
    if (H5Tis_variable_str(type) > 0) {
      std::vector<char*> values(n);
      const Handle memory(H5Tcopy(type), H5Tclose);
      if (H5Aread(opened, memory, static_cast<void*>(values.data())) < 0) return strings;
      for (const char* value : values) strings.emplace_back(value == nullptr ? "" : value);
      H5Dvlen_reclaim(memory, space, H5P_DEFAULT, static_cast<void*>(values.data()));
      return strings;
    }
    const size_t size = H5Tget_size(type);
    std::string bytes(size * n, '\0');
    if (H5Aread(opened, type, bytes.data()) < 0) return strings;
    for (hssize_t i = 0; i < n; ++i) strings.emplace_back(bytes.substr(i * size, size).c_str());
    return strings;
  }

  // Type and shape of a data set. UNIMPLEMENTED names a type that no weight has.
  absl::Status Describe(StoredVariable* variable) const {
    const Handle data(H5Dopen2(file_, variable->key.c_str(), H5P_DEFAULT), H5Dclose);
    if (!data.ok()) return Broken(path_, absl::StrCat("no data set ", variable->key));
    const Handle type(H5Dget_type(data), H5Tclose), space(H5Dget_space(data), H5Sclose);
    const bool is_float = H5Tget_class(type) == H5T_FLOAT, is_int = H5Tget_class(type) == H5T_INTEGER;
    const size_t size = H5Tget_size(type);
    variable->dtype = is_float && size == 8                  ? DataType::kDouble
                      : is_float && (size == 4 || size == 2) ? DataType::kFloat  // float16 is widened.
                      : is_int && size == 8                  ? DataType::kInt64
                      : is_int && size == 4                  ? DataType::kInt32
                                                             : DataType::kInvalid;
    const int rank = H5Sget_simple_extent_ndims(space);
    if (variable->dtype == DataType::kInvalid || rank < 0) {
      return absl::UnimplementedError(
          absl::StrCat(path_, ": weight ", variable->key, " is of a type that is not read (", size, " bytes)"));
    }
    std::vector<hsize_t> dims(rank);
    if (rank > 0) H5Sget_simple_extent_dims(space, dims.data(), nullptr);
    variable->shape.assign(dims.begin(), dims.end());
    return absl::OkStatus();
  }
  absl::StatusOr<Tensor> Read(const std::string& key) const {
    StoredVariable variable{.key = key};
    RETURN_IF_ERROR(Describe(&variable));
    const Handle data(H5Dopen2(file_, key.c_str(), H5P_DEFAULT), H5Dclose);
    Tensor tensor(variable.dtype, variable.shape);
    const hid_t native = variable.dtype == DataType::kDouble  ? H5T_NATIVE_DOUBLE
                         : variable.dtype == DataType::kInt64 ? H5T_NATIVE_INT64
                         : variable.dtype == DataType::kInt32 ? H5T_NATIVE_INT32
                                                              : H5T_NATIVE_FLOAT;
    if (tensor.num_elements() > 0 && H5Dread(data, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.bytes().data()) < 0) {
      return Broken(path_, absl::StrCat("data set ", key, " cannot be read"));
    }
    return tensor;
  }

 private:
  std::string path_;
  std::string content_;
  bool is_archive_ = false;
  hid_t file_ = -1;
};

// The older form: names of layers, and of weights by layer, as attributes.
absl::StatusOr<std::vector<StoredVariable>> ListNamed(const WeightsFile& file, const std::string& root) {
  std::vector<StoredVariable> variables;
  for (const std::string& layer : file.Strings(root, "layer_names")) {
    const std::string group = root == "/" ? layer : absl::StrCat(root, "/", layer);
    for (const std::string& weight : file.Strings(group, "weight_names")) {
      absl::string_view name = weight;
      absl::ConsumeSuffix(&name, ":0");
      StoredVariable variable{.name = std::string(name), .key = absl::StrCat(group, "/", weight), .in_order = true};
      RETURN_IF_ERROR(file.Describe(&variable));
      variables.push_back(std::move(variable));
    }
  }
  return variables;
}

// A layer of the newer form, with its variables in the order of Keras's layer.weights.
struct StoredLayer {
  std::string place;  // Of Place().
  std::string key;    // "batch_normalization_1"
  std::string name;   // Of the layer; "" in files of Keras 2.
  std::vector<StoredVariable> variables;
};

// Parts of a layer come in the order in which it makes them, which is not that of their names.
int Rank(absl::string_view part) {
  static const auto* const order = new std::vector<std::string>{
      "vars", "forward_layer", "backward_layer", "query_dense", "key_dense", "value_dense", "output_dense"};
  while (absl::ConsumePrefix(&part, "_")) {
  }
  return static_cast<int>(std::find(order->begin(), order->end(), part) - order->begin());
}

// A group may contain itself.
absl::Status CheckDepth(const WeightsFile& file, const std::string& group) {
  if (std::count(group.begin(), group.end(), '/') <= 64) return absl::OkStatus();
  return Broken(file.path(), "its groups are nested more than 64 deep");
}

absl::Status Collect(const WeightsFile& file, const std::string& group, StoredLayer* layer) {
  RETURN_IF_ERROR(CheckDepth(file, group));
  std::vector<std::string> children = file.Children(group);
  std::stable_sort(children.begin(), children.end(),
                   [](const std::string& a, const std::string& b) { return Rank(a) < Rank(b); });
  for (const std::string& child : children) {
    const std::string path = absl::StrCat(group, "/", child);
    if (!file.IsGroup(path) || child == "seed_generator") continue;  // Of Dropout; not a weight.
    if (child != "vars") {
      RETURN_IF_ERROR(Collect(file, path, layer));
      continue;
    }
    for (size_t i = 0; file.Has(absl::StrCat(path, "/", i)); ++i) {
      StoredVariable variable{.key = absl::StrCat(path, "/", i)};
      RETURN_IF_ERROR(file.Describe(&variable));
      layer->variables.push_back(std::move(variable));
    }
  }
  return absl::OkStatus();
}

// "BatchNormalization" and "batch_normalization" the same.
std::string Plain(absl::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != '_') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return plain;
}

// Where a layer stands: in which model or wrapper, of which class, and which of that class it is there.
std::string Place(absl::string_view outer, absl::string_view type, int number) {
  return absl::StrCat(outer, "/", Plain(type), " ", number);
}
// What a wrapper has inside (keras.layers.TimeDistributed's `layer`).
constexpr char kWrapped[] = "layer";
std::string WrappedPlace(absl::string_view wrapper) { return absl::StrCat(wrapper, "/", kWrapped); }

// "dense_1" is the second of its class.
std::string PlaceOfKey(absl::string_view outer, const std::string& key) {
  const size_t at = key.rfind('_');
  int number = 0;
  return at != std::string::npos && absl::SimpleAtoi(key.substr(at + 1), &number)
             ? Place(outer, key.substr(0, at), number)
             : Place(outer, key, 0);
}

// The layers below `group`/layers that have variables, with those of models and wrappers among them.
absl::Status CollectLayers(const WeightsFile& file, const std::string& group, const std::string& place,
                           std::vector<StoredLayer>* layers) {
  RETURN_IF_ERROR(CheckDepth(file, group));
  const std::string all = group.empty() ? "layers" : absl::StrCat(group, "/layers");
  for (const std::string& key : file.Children(all)) {
    StoredLayer layer{.place = PlaceOfKey(place, key), .key = key};
    std::string path = absl::StrCat(all, "/", key);
    while (file.IsGroup(absl::StrCat(path, "/", kWrapped))) {
      RETURN_IF_ERROR(CheckDepth(file, path));
      path = absl::StrCat(path, "/", kWrapped);
      layer.place = WrappedPlace(layer.place);
    }
    if (file.Has(path + "/layers")) {
      RETURN_IF_ERROR(CollectLayers(file, path, layer.place, layers));
      continue;
    }
    const std::vector<std::string> names = file.Strings(path + "/vars", "name");
    if (!names.empty()) layer.name = names[0];
    RETURN_IF_ERROR(Collect(file, path, &layer));
    if (!layer.variables.empty()) layers->push_back(std::move(layer));
  }
  return absl::OkStatus();
}

using Json = google::protobuf::Struct;

// Numbers the places of the layers of an archive's model in their order; of a model without a list of layers, none.
void NumberPlaces(const Json& model, const std::string& outer, std::map<std::string, size_t>* places) {
  std::map<std::string, int> counts;
  for (const auto& value : JsonMember(JsonMember(model, "config").struct_value(), "layers").list_value().values()) {
    const Json* layer = &value.struct_value();
    const std::string type = JsonText(*layer, "class_name");
    std::string place = Place(outer, type, counts[Plain(type)]++);
    places->emplace(place, places->size());
    while (const auto* const wrapped = FindMember(JsonMember(*layer, "config").struct_value(), kWrapped)) {
      if (!wrapped->has_struct_value()) break;
      layer = &wrapped->struct_value();
      place = WrappedPlace(place);
      places->emplace(place, places->size());
    }
    NumberPlaces(*layer, place, places);
  }
}

// Brings the layers into the order of the archive's model, if it tells all of them.
absl::Status Sort(const WeightsFile& file, std::vector<StoredLayer>* stored) {
  ASSIGN_OR_RETURN(const std::string text, Unzip(file.path(), kConfigInArchive));
  Json config;
  if (!google::protobuf::json::JsonStringToMessage(text, &config).ok()) {
    return Broken(file.path(), absl::StrCat(kConfigInArchive, " is not JSON"));
  }
  std::map<std::string, size_t> places;
  NumberPlaces(config, "", &places);
  if (!std::all_of(stored->begin(), stored->end(), [&](const auto& layer) { return places.count(layer.place) > 0; }))
    return absl::OkStatus();
  std::stable_sort(stored->begin(), stored->end(),
                   [&](const auto& a, const auto& b) { return places[a.place] < places[b.place]; });
  for (StoredLayer& layer : *stored) {
    for (StoredVariable& variable : layer.variables) variable.in_order = true;
  }
  return absl::OkStatus();
}

using WeightsByPlace = std::map<std::string, std::vector<const Weight*>>;

// The weights of `layers` by where Keras would keep them.
void AddPlaces(const std::vector<std::shared_ptr<Layer>>& layers, const std::string& outer, WeightsByPlace* places) {
  std::map<std::string, int> counts;
  for (const auto& listed : layers) {
    const Layer* layer = listed.get();
    std::string place = Place(outer, layer->type(), counts[Plain(layer->type())]++);
    std::vector<std::shared_ptr<Layer>> inside = layer->sublayers();
    while (layer->type() == "TimeDistributed" && inside.size() == 1) {
      place = WrappedPlace(place);
      layer = inside[0].get();
      inside = layer->sublayers();
    }
    const bool is_model = layer->type() == "Functional" || layer->type() == "Sequential";
    if (is_model) {
      AddPlaces(inside, place, places);
    } else if (!layer->AllWeights().empty()) {
      (*places)[place] = layer->AllWeights();
    }
  }
}

void AddNames(const Layer& layer, WeightsByPlace* names) {
  names->emplace(layer.name(), layer.AllWeights());
  for (const auto& sublayer : layer.sublayers()) AddNames(*sublayer, names);
}

bool SameShapes(const StoredLayer& stored, const std::vector<const Weight*>& weights) {
  return stored.variables.size() == weights.size() &&
         std::equal(
             weights.begin(), weights.end(), stored.variables.begin(),
             [](const Weight* weight, const StoredVariable& variable) { return weight->shape == variable.shape; });
}

absl::StatusOr<std::vector<StoredVariable>> ListNumbered(const WeightsFile& file,
                                                         const std::vector<std::shared_ptr<Layer>>& layers) {
  std::vector<StoredLayer> stored;
  RETURN_IF_ERROR(CollectLayers(file, "", "", &stored));
  WeightsByPlace by_place, by_name;
  AddPlaces(layers, "", &by_place);
  for (const auto& layer : layers) AddNames(*layer, &by_name);
  // As Keras loads it, if it is the same model; a part of another one goes by names.
  const bool same =
      stored.size() == by_place.size() && std::all_of(stored.begin(), stored.end(), [&](const StoredLayer& layer) {
        const auto found = by_place.find(layer.place);
        return found != by_place.end() && SameShapes(layer, found->second);
      });
  if (!same && file.is_archive()) RETURN_IF_ERROR(Sort(file, &stored));
  const bool named = std::any_of(stored.begin(), stored.end(),
                                 [&](const StoredLayer& layer) { return by_name.count(layer.name) > 0; });
  std::vector<StoredVariable> variables;
  for (StoredLayer& layer : stored) {
    // Of a layer that is made of parts only (an LSTM of its cell) the file has no name.
    const bool has_name = !same && named && !layer.name.empty();
    const WeightsByPlace& known = has_name ? by_name : by_place;
    const auto found = known.find(has_name ? layer.name : layer.place);
    for (size_t i = 0; i < layer.variables.size(); ++i) {
      StoredVariable& variable = layer.variables[i];
      variable.name = found != known.end() && i < found->second.size()
                          ? found->second[i]->full_name()
                          : absl::StrCat(layer.name.empty() ? layer.key : layer.name, "/", i);
      variables.push_back(std::move(variable));
    }
  }
  return variables;
}

class Hdf5Reader : public KerasWeightsReader {
 public:
  absl::StatusOr<std::vector<StoredVariable>> List(absl::string_view path,
                                                   const std::vector<std::shared_ptr<Layer>>& layers) override {
    ASSIGN_OR_RETURN(const auto file, WeightsFile::Open(path));
    if (file->Has("layers")) return ListNumbered(*file, layers);
    if (file->Has("model_weights")) return ListNamed(*file, "model_weights");
    if (!file->Strings("/", "layer_names").empty()) return ListNamed(*file, "/");
    if (file->Has("_layer_checkpoint_dependencies")) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, " is of Keras 2.12 or older; in Python: model.save_weights(\"weights.h5\") or model.export(dir)"));
    }
    return absl::InvalidArgumentError(absl::StrCat(path, " has no Keras weights: neither layers nor layer_names"));
  }

  absl::StatusOr<std::map<std::string, Tensor>> Read(absl::string_view path,
                                                     const std::vector<std::string>& keys) override {
    ASSIGN_OR_RETURN(const auto file, WeightsFile::Open(path));
    std::map<std::string, Tensor> values;
    for (const std::string& key : keys) {
      ASSIGN_OR_RETURN(values[key], file->Read(key));
    }
    return values;
  }
};

TFXM_REGISTER(KerasWeightsReaderRegistry, "hdf5", [] { return std::make_unique<Hdf5Reader>(); });

}  // namespace
}  // namespace tfxm::nn
