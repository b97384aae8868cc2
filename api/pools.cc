#include <fmt/format.h>

#include <algorithm>

#include "api/bulk.h"
#include "api/filters.h"
#include "api/handlers.h"
#include "api/routes.h"
#include "api/shapes.h"

namespace millrace::handlers {
namespace {

constexpr std::int64_t most_slots = 1'000'000;

void write_pool(JsonWriter& out, const PoolUse& use) {
  out.begin_object().text_field("name", use.pool.name).int_field("slots", use.pool.slots);
  out.word_field("description", use.pool.description).bool_field("include_deferred", false);
  out.int_field("occupied_slots", use.occupied).int_field("running_slots", use.running);
  out.int_field("queued_slots", use.queued).int_field("scheduled_slots", use.scheduled);
  out.int_field("deferred_slots", use.deferred);
  out.int_field("open_slots", std::max(0, use.pool.slots - use.occupied));
  out.null_field("team_name").end_object();
}

std::vector<PoolUse> see(const Scheduler& scheduler, Now) { return scheduler.pools(); }

const PoolUse* find(const std::vector<PoolUse>& pools, std::string_view name) {
  const auto at = std::ranges::find_if(pools, [&](const PoolUse& use) { return use.pool.name == name; });
  return at == pools.end() ? nullptr : &*at;
}

std::unexpected<Problem> no_pool(std::string_view name) {
  return refuse(404, "not_found", fmt::format("there is no pool '{}'", name),
                "millrace pools list shows those there are");
}

/// Sets the pool and answers with its use as the loop sees it then.
void set_pool(const CallPtr& call, PoolSet wish, int status) {
  const std::string name = wish.name;
  call->backend().request(std::move(wish), call->context(), [call, name, status](Reply reply) {
    if (const Error* error = std::get_if<Error>(&reply.body)) {
      return call->answer(std::unexpected(to_problem(*error)));
    }
    ask<std::vector<PoolUse>>(call, see,
                              [name, status](StoreReader&, const std::vector<PoolUse>& pools) -> Answer {
                                const PoolUse* use = find(pools, name);
                                if (use == nullptr) return no_pool(name);
                                JsonWriter out;
                                write_pool(out, *use);
                                return json_response(out.take(), status);
                              });
  });
}

std::optional<PoolRow> stored_pool(StoreReader& reader, std::string_view name) {
  for (const PoolRow& row : reader.pools()) {
    if (row.name == name && !row.removed) return row;
  }
  return std::nullopt;
}

std::unexpected<Problem> pool_exists(std::string_view name) {
  return refuse(409, "conflict", fmt::format("there is a pool '{}' already", name), "PATCH changes it");
}

/// A new pool, or what a PATCH makes of an old one.
std::expected<PoolSet, Problem> read_pool(const JsonValue& body, const Call& call,
                                          const std::optional<PoolRow>& old) {
  BodyReader in(body);
  const auto name = in.text("name");
  const auto pool = in.text("pool");  // Airflow's PATCH names it like this
  const auto slots = in.integer("slots", 0, most_slots);
  const auto description = in.text("description");
  if (in.boolean("include_deferred").value_or(false))
    in.refuse("include_deferred", "is not available: a deferred task holds no slot here");
  in.text("team_name");
  if (!old && (!name || !segment_ok("pool_name", *name)))
    in.refuse("name", "must be 1 to 200 of A-Z a-z 0-9 _ . -");
  if (!old && !slots) in.refuse("slots", "is missing");
  if (old && ((name && *name != old->name) || (pool && *pool != old->name)))
    in.refuse("name", "a pool can't be renamed");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  return PoolSet{{},
                 old ? old->name : *name,
                 slots ? static_cast<int>(*slots) : old->slots,
                 description ? *description : old ? old->description : "",
                 call.who.name};
}

}  // namespace

Started list_pools(const CallPtr& call, StoreReader&) {
  const auto page = page_of(*call);
  if (!page) return std::unexpected(page.error());
  const std::string& order = page->order_by;
  if (!order.empty() && order != "name" && order != "-name" && order != "id")
    return refuse_field("order_by", "name or -name");
  ask<std::vector<PoolUse>>(
      call, see,
      [page = *page, match = text_match(*call, "pool_name")](StoreReader&,
                                                             const std::vector<PoolUse>& all) -> Answer {
        std::vector<PoolUse> pools = all;
        std::erase_if(pools, [&](const PoolUse& use) { return !matches(match, use.pool.name); });
        if (page.order_by == "-name") std::ranges::reverse(pools);
        return list_response("pools", one_page(pools, page), static_cast<std::int64_t>(pools.size()),
                             [](JsonWriter& out, const PoolUse& use) { write_pool(out, use); });
      });
  return {};
}

Started get_pool(const CallPtr& call, StoreReader&) {
  ask<std::vector<PoolUse>>(call, see, [call](StoreReader&, const std::vector<PoolUse>& pools) -> Answer {
    const PoolUse* use = find(pools, call->param("pool_name"));
    if (use == nullptr) return no_pool(call->param("pool_name"));
    JsonWriter out;
    write_pool(out, *use);
    return json_response(out.take());
  });
  return {};
}

Started create_pool(const CallPtr& call, StoreReader& reader) {
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  auto wish = read_pool(*body, *call, {});
  if (!wish) return std::unexpected(std::move(wish.error()));
  if (stored_pool(reader, wish->name)) return pool_exists(wish->name);
  set_pool(call, std::move(*wish), 201);
  return {};
}

Started patch_pool(const CallPtr& call, StoreReader& reader) {
  const auto row = stored_pool(reader, call->param("pool_name"));
  if (!row) return no_pool(call->param("pool_name"));
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  if (auto ok = apply_update_mask(
          *call, *body, {"name", "pool", "slots", "description", "include_deferred", "team_name"});
      !ok)
    return std::unexpected(std::move(ok.error()));
  auto wish = read_pool(*body, *call, row);
  if (!wish) return std::unexpected(std::move(wish.error()));
  set_pool(call, std::move(*wish), 200);
  return {};
}

Started bulk_pools(const CallPtr& call, StoreReader& reader) {
  return run_bulk(call, "name", [&](BulkStep& step, const JsonValue& entity) -> std::expected<void, Problem> {
    const auto old = stored_pool(reader, step.name);
    if (step.action == BulkStep::Action::remove) {
      step.event = PoolRemoved{{}, step.name, call->who.name};
      return {};
    }
    if (step.action == BulkStep::Action::update && !old) return no_pool(step.name);
    if (step.action == BulkStep::Action::create && old && !step.overwrite) return pool_exists(step.name);
    auto wish = read_pool(entity, *call, old);
    if (!wish) return std::unexpected(std::move(wish.error()));
    step.event = std::move(*wish);
    return {};
  });
}

Started delete_pool(const CallPtr& call, StoreReader&) {
  commit(call, PoolRemoved{{}, std::string(call->param("pool_name")), call->who.name},
         [](StoreReader&, const Reply&) -> Answer { return empty_response(); });
  return {};
}

}  // namespace millrace::handlers
