#include "data/publish_plan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/limits.h"

namespace millrace {
namespace {

using Json = nlohmann::json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

PublishedOutput output_from(const Json& json) {
  PublishedOutput out;
  out.dataset = json.at("dataset").get<std::string>();
  out.hash = json.at("hash").get<std::string>();
  out.path = json.at("path").get<std::string>();
  out.bytes = json.at("bytes").get<std::int64_t>();
  out.files = json.at("files").get<std::int64_t>();
  if (json.contains("rows")) out.rows = json.at("rows").get<std::int64_t>();
  if (json.contains("schema")) out.schema = dump(json.at("schema"));
  out.device = json.at("device").get<std::uint64_t>();
  out.inode = json.at("inode").get<std::uint64_t>();
  return out;
}

}  // namespace

JsonText plan_json(const PublishPlan& plan) {
  Json json{{"report", plan.report.string()}, {"threads", plan.threads}, {"outputs", Json::array()}};
  for (const auto& folder : plan.scratch) json["scratch"].push_back(folder.string());
  for (const StagedOutput& output : plan.outputs)
    json["outputs"].push_back({{"dataset", output.dataset},
                               {"staged", output.staged.string()},
                               {"target", output.target.string()},
                               {"merge", output.merge}});
  return dump(json);
}

std::optional<PublishPlan> parse_plan(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    PublishPlan plan;
    plan.report = json.at("report").get<std::string>();
    plan.threads = json.at("threads").get<int>();
    for (const Json& folder : json.at("scratch")) plan.scratch.emplace_back(folder.get<std::string>());
    for (const Json& item : json.at("outputs"))
      plan.outputs.push_back({item.at("dataset").get<std::string>(), item.at("staged").get<std::string>(),
                              item.at("target").get<std::string>(), item.at("merge").get<bool>()});
    return plan;
  } catch (const Json::exception&) {
    return {};
  }
}

JsonText report_json(const PublishReport& report) {
  Json json{{"outputs", Json::array()}};
  if (!report.problem.empty()) json["problem"] = report.problem;
  if (!report.spawn_failure.empty()) json["spawn_failure"] = report.spawn_failure;
  for (const PublishedOutput& output : report.outputs) {
    Json item{{"dataset", output.dataset}, {"hash", output.hash},     {"path", output.path},
              {"bytes", output.bytes},     {"files", output.files},   {"device", output.device},
              {"inode", output.inode}};
    if (output.rows) item["rows"] = *output.rows;
    if (!output.schema.empty()) item["schema"] = Json::parse(output.schema, nullptr, false);
    json["outputs"].push_back(std::move(item));
  }
  return dump(json);
}

std::optional<PublishReport> parse_report(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    PublishReport report;
    report.problem = json.value("problem", "");
    report.spawn_failure = json.value("spawn_failure", "");
    for (const Json& item : json.at("outputs")) report.outputs.push_back(output_from(item));
    return report;
  } catch (const Json::exception&) {
    return {};
  }
}

std::optional<PublishReport> read_report(const std::filesystem::path& path) {
  // The task's user owns the folder: what is there may be anything.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return {};
  struct stat facts{};
  std::string text;
  if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) &&
      static_cast<std::size_t>(facts.st_size) <= limits::publish_report_bytes) {
    text.resize(static_cast<std::size_t>(facts.st_size));
    std::size_t got = 0;
    for (ssize_t n = 1; n > 0 && got < text.size(); got += n > 0 ? static_cast<std::size_t>(n) : 0)
      n = read(fd, text.data() + got, text.size() - got);
    text.resize(got);
  }
  close(fd);
  return parse_report(text);
}

bool is_in_place(const PublishedOutput& output) {
  struct stat facts{};
  return lstat(output.path.c_str(), &facts) == 0 && facts.st_dev == output.device &&
         facts.st_ino == output.inode;
}

}  // namespace millrace
