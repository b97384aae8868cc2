#include <fmt/format.h>

#include <algorithm>

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
  out.int_field("open_slots", std::max(0, use.pool.slots - use.occupied)).end_object();
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
  call->backend().request(std::move(wish), [call, name, status](Reply reply) {
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

}  // namespace

Started list_pools(const CallPtr& call, StoreReader&) {
  const auto page = page_of(*call);
  if (!page) return std::unexpected(page.error());
  ask<std::vector<PoolUse>>(
      call, see, [page = *page](StoreReader&, const std::vector<PoolUse>& pools) -> Answer {
        const std::size_t from = std::min(pools.size(), static_cast<std::size_t>(page.offset));
        const std::size_t to = std::min(pools.size(), from + static_cast<std::size_t>(page.limit));
        const std::vector<PoolUse> shown(pools.begin() + static_cast<std::ptrdiff_t>(from),
                                         pools.begin() + static_cast<std::ptrdiff_t>(to));
        return list_response("pools", shown, static_cast<std::int64_t>(pools.size()),
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
  BodyReader in(*body);
  const auto name = in.text("name");
  const auto slots = in.integer("slots", 0, most_slots);
  const auto description = in.text("description");
  if (in.boolean("include_deferred").value_or(false)) in.refuse("include_deferred", "is not available");
  in.text("team_name");
  if (!name || !segment_ok("pool_name", *name)) in.refuse("name", "must be 1 to 200 of A-Z a-z 0-9 _ . -");
  if (!slots) in.refuse("slots", "is missing");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  if (stored_pool(reader, *name)) {
    return refuse(409, "conflict", fmt::format("there is a pool '{}' already", *name), "PATCH changes it");
  }
  set_pool(call, PoolSet{{}, *name, static_cast<int>(*slots), description.value_or(""), call->who.name}, 201);
  return {};
}

Started patch_pool(const CallPtr& call, StoreReader& reader) {
  const auto row = stored_pool(reader, call->param("pool_name"));
  if (!row) return no_pool(call->param("pool_name"));
  auto body = json_body(*call);
  if (!body) return std::unexpected(std::move(body.error()));
  BodyReader in(*body);
  const auto name = in.text("name");
  const auto pool = in.text("pool");  // Airflow's PATCH names it like this
  const auto slots = in.integer("slots", 0, most_slots);
  const auto description = in.text("description");
  in.boolean("include_deferred");
  in.text("team_name");
  if ((name && *name != row->name) || (pool && *pool != row->name))
    in.refuse("name", "a pool can't be renamed");
  if (auto ok = in.done(); !ok) return std::unexpected(std::move(ok.error()));
  set_pool(call,
           PoolSet{{},
                   row->name,
                   slots ? static_cast<int>(*slots) : row->slots,
                   description.value_or(row->description),
                   call->who.name},
           200);
  return {};
}

Started delete_pool(const CallPtr& call, StoreReader&) {
  commit(call, PoolRemoved{{}, std::string(call->param("pool_name")), call->who.name},
         [](StoreReader&, const Reply&) -> Answer { return empty_response(); });
  return {};
}

}  // namespace millrace::handlers
