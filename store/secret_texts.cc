#include "store/secret_texts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

using Json = nlohmann::json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Whether there was anything to mask.
bool mask(Json& json) {
  bool any = false;
  if (json.is_object()) {
    for (auto& [name, value] : json.items()) {
      const bool secret = secret_name(name);
      if (secret) value = "***";
      any = secret || mask(value) || any;
    }
  } else if (json.is_array()) {
    for (Json& item : json) any = mask(item) || any;
  }
  return any;
}

/// As deep as the text was let in.
Json hidden(const Json& value, const SecretMask& mask) {
  if (value.is_object()) {
    Json out = Json::object();
    for (const auto& [name, member] : value.items()) out[mask.hidden(name)] = hidden(member, mask);
    return out;
  }
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value) out.push_back(hidden(item, mask));
    return out;
  }
  if (value.is_string()) return mask.hidden(value.get_ref<const std::string&>());
  if (!value.is_number()) return value;
  std::string text = dump(value);
  return mask.hide(text) ? Json(std::move(text)) : value;
}

}  // namespace

bool secret_name(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::ranges::replace(lower, '-', '_');
  static constexpr std::array<std::string_view, 9> words = {
      "password", "passwd", "secret", "api_key", "apikey", "private_key", "credential", "authorization",
      "access_token"};
  if (lower == "token" || lower.ends_with("_token") || lower == "secret_sha256") return true;
  return std::ranges::any_of(words, [&](std::string_view word) { return lower.find(word) != lower.npos; });
}

std::string masked(std::string_view text) {
  if (text.empty() || (text.front() != '{' && text.front() != '[')) return std::string(text);
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !mask(json)) return std::string(text);
  return dump(json);
}

std::string hidden_json(std::string_view text, const SecretMask& mask) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::string(text);
  const Json out = hidden(json, mask);
  return out == json ? std::string(text) : dump(out);
}

}  // namespace millrace
