// SPDX-License-Identifier: Apache-2.0

#include "tfxm/metadata/postgresql.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tfxm/metadata/internal/postgresql_driver.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::postgresql {
namespace {

using ml_metadata::PostgreSQLDatabaseConfig;

constexpr absl::string_view kSchemes[] = {"postgresql://", "postgres://"};

absl::Status Password() {
  return absl::InvalidArgumentError(
      "a password in the metadata store's connection: it would be recorded and logged with it; give it in PGPASSWORD, or "
      "in a passfile (~/.pgpass)");
}

// A part of a URI; no part may have a NUL, which libpq would take for its end.
absl::StatusOr<std::string> Decoded(absl::string_view part) {
  std::string out;
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      out += part[i];
      continue;
    }
    uint32_t byte = 0;
    if (i + 2 >= part.size() || !absl::SimpleHexAtoi(part.substr(i + 1, 2), &byte) || byte == 0) {
      return absl::InvalidArgumentError(absl::StrCat("\"", part, "\": % is not followed by two hexadecimal digits"));
    }
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

std::string Encoded(absl::string_view part) {
  std::string out;
  for (const char c : part) {
    if (absl::ascii_isalnum(c) || absl::StrContains("-._~", c)) {
      out += c;
    } else {
      absl::StrAppendFormat(&out, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// The parameters behind "?", by libpq's names.
struct Parameter {
  absl::string_view name;
  void (*set)(std::string value, PostgreSQLDatabaseConfig* config);
  std::string (*get)(const PostgreSQLDatabaseConfig& config);
};

constexpr Parameter kParameters[] = {
    {"hostaddr", [](std::string value, auto* config) { config->set_hostaddr(std::move(value)); },
     [](const auto& config) { return config.hostaddr(); }},
    {"passfile", [](std::string value, auto* config) { config->set_passfile(std::move(value)); },
     [](const auto& config) { return config.passfile(); }},
    {"sslmode", [](std::string value, auto* config) { config->mutable_ssloption()->set_sslmode(std::move(value)); },
     [](const auto& config) { return config.ssloption().sslmode(); }},
    {"sslcert", [](std::string value, auto* config) { config->mutable_ssloption()->set_sslcert(std::move(value)); },
     [](const auto& config) { return config.ssloption().sslcert(); }},
    {"sslkey", [](std::string value, auto* config) { config->mutable_ssloption()->set_sslkey(std::move(value)); },
     [](const auto& config) { return config.ssloption().sslkey(); }},
    {"sslrootcert",
     [](std::string value, auto* config) { config->mutable_ssloption()->set_sslrootcert(std::move(value)); },
     [](const auto& config) { return config.ssloption().sslrootcert(); }},
    // ML Metadata's, not libpq's.
    {"skip_db_creation", [](std::string value, auto* config) { config->set_skip_db_creation(value == "true"); },
     [](const auto& config) { return std::string(config.skip_db_creation() ? "true" : ""); }},
};

absl::Status ReadParameter(absl::string_view text, PostgreSQLDatabaseConfig* config) {
  const std::pair<absl::string_view, absl::string_view> parameter = absl::StrSplit(text, absl::MaxSplits('=', 1));
  if (parameter.first == "password" || parameter.first == "sslpassword") return Password();
  for (const Parameter& known : kParameters) {
    if (known.name != parameter.first) continue;
    ASSIGN_OR_RETURN(std::string value, Decoded(parameter.second));
    known.set(std::move(value), config);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", parameter.first, "\" is not a parameter of a metadata store's connection; there are ",
      absl::StrJoin(kParameters, ", ", [](std::string* out, const Parameter& known) { out->append(known.name); })));
}

absl::Status CheckPort(absl::string_view text) {
  int port = 0;
  if (absl::SimpleAtoi(text, &port) && port >= 1 && port <= 65535) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a port; 1 to 65535"));
}

absl::Status ReadAuthority(absl::string_view text, PostgreSQLDatabaseConfig* config) {
  if (const size_t at = text.rfind('@'); at != absl::string_view::npos) {
    const absl::string_view user = text.substr(0, at);
    if (absl::StrContains(user, ':')) return Password();
    ASSIGN_OR_RETURN(*config->mutable_user(), Decoded(user));
    text.remove_prefix(at + 1);
  }
  if (absl::StrContains(text, ',')) return absl::InvalidArgumentError("more than one host; a store is on one");
  const size_t behind_address = text.rfind(']');  // [::1]:5432
  const size_t colon = text.find(':', behind_address == absl::string_view::npos ? 0 : behind_address);
  if (colon != absl::string_view::npos) {
    RETURN_IF_ERROR(CheckPort(text.substr(colon + 1)));
    config->set_port(text.substr(colon + 1));
    text = text.substr(0, colon);
  }
  if (absl::ConsumePrefix(&text, "[")) absl::ConsumeSuffix(&text, "]");
  if (!text.empty()) {
    ASSIGN_OR_RETURN(*config->mutable_host(), Decoded(text));
  }
  return absl::OkStatus();
}

absl::StatusOr<PostgreSQLDatabaseConfig> Parse(absl::string_view uri) {
  PostgreSQLDatabaseConfig config;
  for (const absl::string_view scheme : kSchemes) absl::ConsumePrefix(&uri, scheme);
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(uri, absl::MaxSplits('?', 1));
  const std::pair<absl::string_view, absl::string_view> address = absl::StrSplit(parts.first, absl::MaxSplits('/', 1));
  RETURN_IF_ERROR(ReadAuthority(address.first, &config));
  if (!address.second.empty()) {
    ASSIGN_OR_RETURN(*config.mutable_dbname(), Decoded(address.second));
  }
  for (const absl::string_view parameter : absl::StrSplit(parts.second, '&', absl::SkipEmpty())) {
    RETURN_IF_ERROR(ReadParameter(parameter, &config));
  }
  return config;
}

// The URI as it is, unless that would show a password.
std::string NameOf(absl::string_view uri) {
  return absl::StrContains(uri, '@') || absl::StrContains(uri, "password") ? "postgresql://…" : std::string(uri);
}

absl::StatusOr<std::unique_ptr<Driver>> LoadDriver() {
  const absl::Status loaded = LoadPlugin("postgresql");
  if (!loaded.ok()) {
    return absl::UnavailableError(
        absl::StrCat("a metadata store on PostgreSQL needs libpq (Debian: libpq5), and a tfxm that was built with it "
                     "(libpq-dev): ",
                     loaded.message()));
  }
  return DriverRegistry::Get().Create("libpq");
}

absl::StatusOr<Server> ServerOf(absl::string_view uri) {
  ASSIGN_OR_RETURN(PostgreSQLDatabaseConfig config, ParseUri(uri));
  return Server{.config = std::move(config), .uri = std::string(uri)};
}

}  // namespace

bool IsUri(absl::string_view path) {
  for (const absl::string_view scheme : kSchemes) {
    if (absl::StartsWith(path, scheme)) return true;
  }
  return false;
}

absl::StatusOr<PostgreSQLDatabaseConfig> ParseUri(absl::string_view uri) {
  auto config = Parse(uri);
  if (!config.ok()) return Annotate(config.status(), NameOf(uri));
  return config;
}

absl::StatusOr<std::string> ToUri(const PostgreSQLDatabaseConfig& config) {
  if (!config.password().empty() || !config.ssloption().sslpassword().empty()) return Password();
  std::string uri = "postgresql://";
  if (!config.user().empty()) absl::StrAppend(&uri, Encoded(config.user()), "@");
  absl::StrAppend(&uri, Encoded(config.host()));
  if (!config.port().empty()) {
    RETURN_IF_ERROR(CheckPort(config.port()));
    absl::StrAppend(&uri, ":", config.port());
  }
  absl::StrAppend(&uri, "/", Encoded(config.dbname()));
  std::vector<std::string> parameters;
  for (const Parameter& parameter : kParameters) {
    const std::string value = parameter.get(config);
    if (!value.empty()) parameters.push_back(absl::StrCat(parameter.name, "=", Encoded(value)));
  }
  if (!parameters.empty()) absl::StrAppend(&uri, "?", absl::StrJoin(parameters, "&"));
  return uri;
}

absl::StatusOr<std::unique_ptr<database::Database>> Open(absl::string_view uri, database::Mode mode) {
  ASSIGN_OR_RETURN(const Server server, ServerOf(uri));
  ASSIGN_OR_RETURN(const std::unique_ptr<Driver> driver, LoadDriver());
  return driver->Open(server, mode);
}

absl::StatusOr<std::unique_ptr<Lock>> Acquire(absl::string_view uri, absl::string_view pipeline_name) {
  ASSIGN_OR_RETURN(const Server server, ServerOf(uri));
  ASSIGN_OR_RETURN(const std::unique_ptr<Driver> driver, LoadDriver());
  return driver->Acquire(server, std::string(pipeline_name));
}

}  // namespace tfxm::postgresql
