#include "cli/context.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "cli/table.h"

namespace millrace::cli {
namespace {

std::string token_of_file(const std::string& data_dir) {
  std::ifstream in(data_dir + "/admin.token");
  std::string token;
  std::getline(in, token);
  return token;
}

}  // namespace

Client& Context::client() {
  if (!client_) {
    if (token.empty()) token = token_of_file(data_dir);
    client_.emplace(url, token);
  }
  return *client_;
}

void print(std::string_view text) {
  std::cout << text;
  std::cout.flush();
}

void complain(std::string_view text) { std::cerr << text << (text.ends_with('\n') ? "" : "\n"); }

void show_progress(const Context& context, std::string_view text) {
  if (context.progress) std::cerr << "\r\033[K" << text << std::flush;
}

void pause_ms(int ms) { ::poll(nullptr, 0, ms); }

int explain_refusal(const HttpReply& reply) {
  const auto json = read_json(reply.body);
  if (!json || json->kind != Json::Kind::object) {
    complain(fmt::format("the daemon answered {}", reply.status));
  } else {
    complain((*json)["message"].shown());
    if (const std::string text = (*json)["rendered"].shown(); !text.empty()) complain(text);
    if (const std::string hint = (*json)["hint"].shown(); !hint.empty()) complain("hint: " + hint);
  }
  if (reply.status == 401) complain("hint: set MILLRACE_TOKEN, or --data to the daemon's data folder");
  return reply.status == 404 ? not_found : refused;
}

std::expected<Json, int> fetch(Context& context, std::string_view path) { return send(context, "GET", path); }

std::expected<Json, int> send(Context& context, std::string_view method, std::string_view path,
                              std::string_view body, std::string_view content_type) {
  const auto reply = context.client().send(method, path, body, content_type);
  if (!reply) {
    complain(reply.error().message);
    return std::unexpected(unreachable);
  }
  if (reply->status >= 300) return std::unexpected(explain_refusal(*reply));
  if (reply->body.empty()) return Json{};
  auto json = read_json(reply->body);
  if (!json) {
    complain("the daemon's answer isn't JSON; is it a millrace daemon?");
    return std::unexpected(refused);
  }
  return std::move(*json);
}

bool print_json(const Context& context, const Json& json) {
  if (context.json) print(to_json(json) + "\n");
  return context.json;
}

int print_list(const Context& context, const Json& answer, std::string_view plural,
               const std::vector<Column>& columns) {
  if (print_json(context, answer)) return ok;
  std::vector<std::string> headings;
  for (const Column& column : columns) headings.push_back(column.heading);
  std::vector<std::vector<std::string>> rows;
  for (const Json& item : answer[plural].items) {
    std::vector<std::string> row;
    for (const Column& column : columns) {
      const Json& value = column.member.empty() ? item : item[column.member];
      row.push_back(column.shown ? column.shown(value) : value.shown());
    }
    rows.push_back(std::move(row));
  }
  print(render_table(headings, rows, context.color));
  const std::int64_t total = answer["total_entries"].integer();
  if (total > static_cast<std::int64_t>(rows.size())) {
    complain(fmt::format("{} of {} shown; --limit and --offset show others", rows.size(), total));
  }
  return ok;
}

std::string short_time(const Json& value) {
  std::string text = value.shown();
  if (text.size() < 20) return text;
  text[10] = ' ';
  if (text.ends_with('Z')) text.pop_back();
  if (const std::size_t dot = text.find('.'); dot != text.npos) text.resize(dot);
  if (text.ends_with(" 00:00:00")) text.resize(10);
  return text;
}

std::string object_of(const std::vector<std::string>& members) {
  std::string out;
  for (const std::string& member : members) {
    if (member.empty()) continue;
    if (!out.empty()) out += ',';
    out += member;
  }
  return "{" + out + "}";
}

std::string text_member(std::string_view name, std::string_view value) {
  return fmt::format("{}:{}", json_string(name), json_string(value));
}

std::optional<std::string> params_object(const std::vector<std::string>& pairs) {
  std::vector<std::string> members;
  for (const std::string& pair : pairs) {
    auto member = param_member(pair);
    if (!member) {
      complain(fmt::format("--param {}: needs the form name=value", pair));
      return std::nullopt;
    }
    members.push_back(std::move(*member));
  }
  return object_of(members);
}

}  // namespace millrace::cli
