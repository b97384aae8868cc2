#include "daemon/config.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>

#include "dags/form_check.h"
#include "dags/keys.h"
#include "dags/values.h"
#include "dags/yaml_reader.h"

namespace millrace {
namespace {

constexpr std::array<std::string_view, 4> levels{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> automatic{"auto", "none"};

constexpr Form text{.shape = Shape::text};
constexpr Form name{.shape = Shape::name};
constexpr Form size{.shape = Shape::size};
constexpr Form cores{
    .shape = Shape::number, .title = "a number of cores", .minimum = 0.1, .maximum = 100'000};
constexpr Form slots{
    .shape = Shape::integer, .title = "a number of slots", .minimum = 0, .maximum = 1'000'000};
constexpr Form connections{.shape = Shape::integer,
                           .title = "a number of connections",
                           .minimum = 1,
                           .maximum = static_cast<double>(limits::http_connections)};
constexpr Form level{.shape = Shape::word, .words = levels};
constexpr Form automatic_or_none{.shape = Shape::word, .words = automatic};
constexpr Form names{.shape = Shape::list, .items = &name};
constexpr std::array<Key, 2> pool_keys{{{"slots", &slots, "", true}, {"description", &text, ""}}};
constexpr Form pool_map{.shape = Shape::object, .keys = pool_keys};
constexpr std::array<const Form*, 2> pool_forms{&slots, &pool_map};
constexpr Form pool{
    .shape = Shape::one_of, .title = "a number of slots or {slots, description}", .forms = pool_forms};
constexpr Form pools{.shape = Shape::object, .items = &pool};
constexpr std::array<Key, 3> gpu_keys{
    {{"uuid", &text, "", true}, {"model", &text, ""}, {"memory", &size, ""}}};
constexpr Form gpu{.shape = Shape::object, .keys = gpu_keys};
constexpr Form gpu_list{.shape = Shape::list, .items = &gpu};
constexpr std::array<const Form*, 2> gpu_forms{&automatic_or_none, &gpu_list};
constexpr Form gpus{.shape = Shape::one_of, .title = "auto, none or a list of devices", .forms = gpu_forms};
constexpr Form boolean{.shape = Shape::boolean};
constexpr Form texts{.shape = Shape::list, .items = &text};
constexpr std::array<Key, 16> keys{{{"listen", &text, "address:port"},
                                    {"behind_proxy", &boolean, "a proxy adds TLS: listen anywhere"},
                                    {"allowed_hosts", &texts, "Host values beside the loopback ones"},
                                    {"trusted_proxies", &texts, "whose X-Forwarded-For is believed"},
                                    {"connections_per_address", &connections, "at the same time"},
                                    {"connections_from_loopback", &connections, "the same for this machine"},
                                    {"data", &text, "the data folder"},
                                    {"dags", &text, "the watched folder of DAG files"},
                                    {"log_level", &level, ""},
                                    {"cpu", &cores, "what tasks may reserve together"},
                                    {"memory", &size, "what tasks may reserve together"},
                                    {"cgroups", &automatic_or_none, ""},
                                    {"gpus", &gpus, ""},
                                    {"pools", &pools, ""},
                                    {"webhook_allow", &texts, "blocks of private addresses"},
                                    {"task_environment", &names, "variables passed on to tasks"}}};
constexpr Form config_form{.shape = Shape::object, .title = "a map of settings", .keys = keys};
/// Those that fit into one variable or flag.
constexpr std::array<std::string_view, 11> scalar_keys{"listen",
                                                       "behind_proxy",
                                                       "connections_per_address",
                                                       "connections_from_loopback",
                                                       "data",
                                                       "dags",
                                                       "log_level",
                                                       "cpu",
                                                       "memory",
                                                       "cgroups",
                                                       "gpus"};

Result<void> set_listen(Config& config, std::string_view value) {
  const auto colon = value.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? value : value.substr(colon + 1);
  int number = -1;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number < 0 || number > 65'535)
    return fail(ErrorKind::invalid,
                fmt::format("listen '{}' isn't address:port, for example 127.0.0.1:8080", value));
  if (colon != std::string_view::npos) {
    std::string address{value.substr(0, colon)};
    if (address.size() > 2 && address.front() == '[' && address.back() == ']')
      address = address.substr(1, address.size() - 2);
    if (address == "localhost") address = "127.0.0.1";
    if (!parse_address(address.substr(0, address.find('%'))))  // fe80::1%eth0 names a network card
      return fail(ErrorKind::invalid, fmt::format("listen '{}': '{}' isn't an IP address", value, address));
    config.address = std::move(address);
  }
  config.port = number;
  return {};
}

Result<void> set_log_level(Config& config, std::string_view value) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] != value) continue;
    config.log_level = static_cast<log::Level>(i);
    return {};
  }
  return fail(ErrorKind::invalid, fmt::format("log_level '{}' isn't one of debug, info, warn, error", value));
}

Result<void> set_connections(std::size_t& cap, std::string_view key, std::string_view value) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < 1 ||
      number > limits::http_connections)
    return fail(ErrorKind::invalid,
                fmt::format("{} '{}' isn't a number from 1 to {}", key, value, limits::http_connections));
  cap = number;
  return {};
}

void read_pools(YamlNode node, Config& config, Diagnostics& problems) {
  for (const auto& [key, value] : node.entries()) {
    if (key.text().empty() || key.text().size() > 200)
      problems.add(key.place(), "pools: a pool's name has 1 to 200 characters");
    Config::Pool& into = config.pools[std::string{key.text()}];
    const YamlNode count = value.is_map() ? value.find("slots") : value;
    into.slots = static_cast<int>(as_integer(count).value_or(0));
    into.description = value.find("description").text();
  }
}

void read_gpus(YamlNode node, Config& config) {
  for (const YamlNode item : node.items()) {
    Device device;
    device.uuid = item.find("uuid").text();
    device.model = item.find("model") ? std::string{item.find("model").text()} : "declared";
    device.memory_bytes = as_size(item.find("memory")).value_or(0);
    device.index = static_cast<int>(config.declared_gpus.size());
    config.declared_gpus.push_back(std::move(device));
  }
}

/// Each block is looked at by itself, so that all bad ones are told.
AddressRanges read_addresses(YamlNode key, YamlNode list, Diagnostics& problems) {
  std::vector<std::string> good;
  for (const YamlNode item : list.items()) {
    if (const auto block = AddressRanges::parse({std::string{item.text()}}); block)
      good.emplace_back(item.text());
    else
      problems.add(item.place(), fmt::format("{}: {}", key.text(), block.error().message));
  }
  return *AddressRanges::parse(good);
}

}  // namespace

Diagnostics read_config(std::string_view source, Config& config) {
  YamlResult read = read_yaml(source);
  if (!read.diagnostics.empty()) return std::move(read.diagnostics);
  Diagnostics problems;
  const YamlNode root = read.tree.root();
  check_form(root, config_form, "the configuration", problems);
  if (!problems.empty()) return problems;
  for (const auto& [key, value] : root.entries()) {
    if (value.is_scalar()) {
      if (const auto set = set_config(config, key.text(), value.text()); !set)
        problems.add(value.place(), set.error().message);
    } else if (key.text() == "pools") {
      read_pools(value, config, problems);
    } else if (key.text() == "gpus") {
      read_gpus(value, config);
    } else if (key.text() == "trusted_proxies") {
      config.trusted_proxies = read_addresses(key, value, problems);
    } else if (key.text() == "webhook_allow") {
      config.webhook_allow = read_addresses(key, value, problems);
    } else {
      auto& list = key.text() == "allowed_hosts" ? config.allowed_hosts : config.task_environment;
      list.clear();
      for (const YamlNode item : value.items()) list.emplace_back(item.text());
    }
  }
  return problems;
}

Result<void> set_config(Config& config, std::string_view key, std::string_view value) {
  if (key == "listen") return set_listen(config, value);
  if (key == "log_level") return set_log_level(config, value);
  if (key == "connections_per_address") return set_connections(config.connections_per_address, key, value);
  if (key == "connections_from_loopback")
    return set_connections(config.connections_from_loopback, key, value);
  if (key == "behind_proxy") {
    if (value != "true" && value != "false")
      return fail(ErrorKind::invalid, fmt::format("behind_proxy '{}' isn't true or false", value));
    config.behind_proxy = value == "true";
  }
  if (key == "data") config.data = value;
  if (key == "dags") config.dags = value;
  if (key == "cgroups") config.cgroups = value != "none";
  if (key == "gpus") config.discover_gpus = value != "none";
  if (key == "memory") {
    const auto bytes = parse_size(value);
    if (!bytes) return fail(ErrorKind::invalid, fmt::format("memory '{}' isn't a size such as 8GiB", value));
    config.memory_bytes = *bytes;
  }
  if (key == "cpu") {
    double cores_wanted = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), cores_wanted);
    if (error != std::errc{} || end != value.data() + value.size() || cores_wanted < 0.1 ||
        cores_wanted > 100'000)
      return fail(ErrorKind::invalid, fmt::format("cpu '{}' isn't a number of cores", value));
    config.cpu_milli = static_cast<std::int64_t>(cores_wanted * 1'000);
  }
  return {};
}

Result<void> read_config_environment(Config& config) {
  for (const std::string_view key : scalar_keys) {
    std::string variable = "MILLRACE_";
    for (const char c : key) variable += c == '_' ? '_' : static_cast<char>(c - 'a' + 'A');
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr) continue;
    if (const auto set = set_config(config, key, value); !set)
      return fail(ErrorKind::invalid, fmt::format("{}: {}", variable, set.error().message));
  }
  return {};
}

}  // namespace millrace
