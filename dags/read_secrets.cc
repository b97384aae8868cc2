#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "dags/form_check.h"
#include "dags/read.h"
#include "dags/values.h"

namespace millrace {
namespace {

/// Set after all others: a secret of that name would never arrive.
constexpr std::array<std::string_view, 4> set_by_millrace{"MILLRACE_OUTPUT", "MILLRACE_URL",
                                                          "MILLRACE_ATTEMPT", "CUDA_VISIBLE_DEVICES"};

void read_source(Secret& secret, YamlNode from, Diagnostics& out) {
  const std::string_view text = from.text();
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  secret.source = colon == text.npos ? std::string{} : std::string(text.substr(colon + 1));
  secret.place = from.place();
  if (kind == "env" && colon != text.npos) {
    secret.from = Secret::From::env;
    if (!is_name(secret.source))
      out.add(from.place(), fmt::format("'{}' names no environment variable", text),
              "env:NAME, of the daemon's environment");
  } else if (kind == "file" && colon != text.npos) {
    secret.from = Secret::From::file;
    if (!secret.source.starts_with('/'))
      out.add(from.place(),
              fmt::format("the file of a secret must be an absolute path, not '{}'", secret.source),
              "file:/run/secrets/name");
  } else {
    std::string hint = colon == text.npos ? std::string{} : did_you_mean(kind, {"env", "file"}, out);
    out.add(from.place(), fmt::format("a secret can't come from '{}'", text),
            hint.empty() ? "write env:NAME or file:/path" : std::move(hint));
  }
}

}  // namespace

std::vector<Secret> read_secrets(YamlNode node, Diagnostics& out) {
  std::vector<Secret> secrets;
  if (node.is_sequence() && node.size() > limits::secrets_per_dag) {
    out.add(node.place(), fmt::format("{} secrets; the limit is {}", node.size(), limits::secrets_per_dag));
    return secrets;
  }
  for (const YamlNode item : node.items()) {
    const YamlNode env = item.find("env"), from = item.find("from");
    if (!env.is_scalar() || !from.is_scalar()) continue;
    Secret secret;
    secret.env = read_text(env);
    read_source(secret, from, out);
    if (std::ranges::find(set_by_millrace, secret.env) != set_by_millrace.end())
      out.add(env.place(), fmt::format("'{}' is set by Millrace itself", secret.env));
    if (std::ranges::find(secrets, secret.env, &Secret::env) != secrets.end())
      out.add(env.place(), fmt::format("secret '{}' is listed twice", secret.env));
    secrets.push_back(std::move(secret));
  }
  return secrets;
}

void check_not_secret(YamlNode env, const std::vector<Secret>& secrets, Diagnostics& out) {
  for (const auto [name, value] : env.entries()) {
    const auto at = std::ranges::find(secrets, name.text(), &Secret::env);
    if (at == secrets.end()) continue;
    out.add(name.place(), fmt::format("'{}' is in 'secrets' too (line {}): a variable has one value",
                                      name.text(), at->place.line));
  }
}

}  // namespace millrace
