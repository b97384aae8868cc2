#include "daemon/outputs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/limits.h"
#include "store/secret_texts.h"

namespace millrace {
namespace {

using Json = nlohmann::json;

/// Parses with a bound on depth: the library itself recurses when it copies.
std::optional<Json> parse_json(std::string_view text) {
  if (text.find('\0') != text.npos) return {};  // the library takes it for the end, and what follows is lost
  const auto shallow = [](int depth, Json::parse_event_t, Json&) {
    if (depth > limits::json_depth) throw std::length_error("too deep");
    return true;
  };
  try {
    return Json::parse(text, shallow);
  } catch (const std::exception&) {
    return {};
  }
}

JsonText to_text(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

JsonText value_of(std::string_view text) {
  const bool may_be_typed = !text.empty() && (text == "true" || text == "false" || text == "null" ||
                                              text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
  if (may_be_typed)
    if (const auto parsed = parse_json(text)) return to_text(*parsed);
  return to_text(Json(std::string{text}));
}

bool is_key(std::string_view text) {
  if (text.empty() || text.size() > limits::id_bytes) return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
      return false;
  return true;
}

struct Lines {
  std::string_view rest;
  int number = 0;
  std::optional<std::string_view> next() {
    if (rest.empty()) return {};
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++number;
    return line;
  }
};

class Reader {
 public:
  Reader(std::string_view text, const SecretMask* mask) : lines_{text}, mask_(mask) {}

  TaskOutputs read() {
    while (const auto line = lines_.next()) {
      if (line->empty()) continue;
      if (!(line->front() == '{' ? read_object(*line) : read_pair(*line))) break;
    }
    TaskOutputs out;
    out.problem = std::move(problem_);
    for (auto& [key, value] : values_)
      out.outputs.push_back({key, mask_ == nullptr ? std::move(value) : hidden_json(value, *mask_)});
    return out;
  }

 private:
  bool refuse(std::string_view what) {
    problem_ = fmt::format("$MILLRACE_OUTPUT line {}: {}", lines_.number, what);
    return false;
  }

  bool may_be_key(std::string_view key) {
    if (!is_key(key)) return refuse("a key must be letters, digits, '_' or '-'");
    if (mask_ != nullptr && mask_->hidden(key) != key) return refuse("a key holds a secret");
    return true;
  }

  bool read_object(std::string_view line) {
    const auto object = parse_json(line);
    if (!object || !object->is_object()) return refuse("not a JSON object");
    for (const auto& [key, value] : object->items()) {
      if (!may_be_key(key)) return false;
      values_[key] = to_text(value);
    }
    return true;
  }

  bool read_pair(std::string_view line) {
    const auto equals = line.find('=');
    const auto block = line.find("<<");
    if (block != std::string_view::npos && (equals == std::string_view::npos || block < equals))
      return read_block(line.substr(0, block), line.substr(block + 2));
    if (equals == std::string_view::npos) return refuse("expected 'key=value', 'key<<EOF' or a JSON object");
    if (!may_be_key(line.substr(0, equals))) return false;
    values_[std::string{line.substr(0, equals)}] = value_of(line.substr(equals + 1));
    return true;
  }

  bool read_block(std::string_view key, std::string_view end) {
    if (end.empty()) return refuse("expected 'key<<EOF'");
    if (!may_be_key(key)) return false;
    const int opened = lines_.number;
    std::string text;
    while (const auto line = lines_.next()) {
      if (*line == end) {
        values_[std::string{key}] = to_text(Json(text));
        return true;
      }
      if (!text.empty()) text += '\n';
      text += *line;
    }
    lines_.number = opened;
    return refuse(fmt::format("the block '{}<<{}' has no end", key, end));
  }

  Lines lines_;
  const SecretMask* mask_;
  std::map<std::string, JsonText> values_;
  std::string problem_;
};

struct File {
  int fd;
  ~File() {
    if (fd >= 0) close(fd);
  }
};

}  // namespace

TaskOutputs parse_outputs(std::string_view text, const SecretMask* mask) { return Reader{text, mask}.read(); }

TaskOutputs read_outputs(const std::filesystem::path& path, const SecretMask* mask) {
  // The task could have put a FIFO or a link there: neither may block or leave the folder.
  const File file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (file.fd < 0) {
    if (errno == ENOENT) return {};
    return {{}, fmt::format("$MILLRACE_OUTPUT can't be read: {}", std::strerror(errno))};
  }
  struct stat info{};
  if (fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode))
    return {{}, "$MILLRACE_OUTPUT isn't a regular file any more"};
  if (static_cast<std::uint64_t>(info.st_size) > limits::output_bytes)
    return {{},
            fmt::format("$MILLRACE_OUTPUT has {} bytes; the limit is {}. Write larger results to a dataset",
                        info.st_size, limits::output_bytes)};
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t got = 0;
  while (got < text.size()) {
    const ssize_t n = read(file.fd, text.data() + got, text.size() - got);
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  text.resize(got);
  return parse_outputs(text, mask);
}

}  // namespace millrace
