#include <fmt/format.h>

#include "base/limits.h"
#include "scheduler/core.h"

/// Only which there are and how often each was written: the values are the store's.
namespace millrace {
namespace {

Error no_variable(const std::string& key) {
  return {ErrorKind::not_found, fmt::format("there is no variable '{}'", key)};
}

}  // namespace

void Core::on(const VariableLoaded& fact) { variables[fact.key] = fact.version; }

void Core::on(const VariableSet& fact) {
  const auto it = variables.find(fact.key);
  const bool known = it != variables.end();
  if (known && fact.wish == VariableSet::Wish::create)
    return reply(fact.request,
                 Error{ErrorKind::conflict, fmt::format("there is a variable '{}' already", fact.key)});
  if (!known && fact.wish == VariableSet::Wish::update)
    return reply(fact.request, no_variable(fact.key));
  if (!known && variables.size() >= limits::variables)
    return reply(fact.request, Error{ErrorKind::conflict, fmt::format("there are {} variables: no more fit",
                                                                      variables.size())});
  const std::int64_t version = known ? ++it->second : (variables[fact.key] = 1);
  new_variables.push_back({fact.key, fact.value, fact.description, false, version});
  EventRow said;
  said.kind = "variable";
  said.cause = fmt::format("'{}' {} by {}", fact.key, known ? "changed" : "made", fact.by);
  event(std::move(said));
  reply(fact.request, Done{});
}

void Core::on(const VariableRemoved& fact) {
  if (variables.erase(fact.key) == 0)
    return reply(fact.request, no_variable(fact.key));
  new_variables.push_back({fact.key, {}, {}, true, 1});
  EventRow said;
  said.kind = "variable";
  said.cause = fmt::format("'{}' removed by {}", fact.key, fact.by);
  event(std::move(said));
  reply(fact.request, Done{});
}

}  // namespace millrace
