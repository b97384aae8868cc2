#include "api/routes/table.h"

namespace millrace {
namespace {

namespace h = handlers;

// clang-format off: a line says who may ask what, the next what it is
const Route table[] = {
    {"GET", API "/pools", viewer_open, h::list_pools,
     {.id = "get_pools", .summary = "List pools", .query = "limit offset order_by:pool pool_name_pattern "
      "pool_name_prefix_pattern", .reply = "PoolCollection"}},
    {"PATCH", API "/pools", admin, h::bulk_pools,
     {.id = "bulk_pools", .summary = "Create, change and delete pools", .body = "BulkWish",
      .reply = "BulkResult"}},
    {"POST", API "/pools", admin, h::create_pool,
     {.id = "post_pool", .summary = "Create a pool", .body = "PoolWish", .reply = "Pool", .status = 201}},
    {"GET", API "/pools/{pool_name}", viewer_open, h::get_pool,
     {.id = "get_pool", .summary = "Get a pool", .reply = "Pool"}},
    {"PATCH", API "/pools/{pool_name}", admin, h::patch_pool,
     {.id = "patch_pool", .summary = "Change a pool", .query = "update_mask:pool", .body = "PoolPatch",
      .reply = "Pool", .refuses = "400"}},
    {"DELETE", API "/pools/{pool_name}", admin, h::delete_pool,
     {.id = "delete_pool", .summary = "Delete a pool", .status = 204}},
    {"GET", API "/devices", viewer_of_all, h::list_devices,
     {.id = "get_devices", .summary = "List the GPUs and who holds them", .reply = "DeviceCollection"}},
};
// clang-format on

}  // namespace

Resource pool_routes() {
  return {"Pools and devices", "Slots and GPUs that tasks take, and who holds them.", table};
}

}  // namespace millrace
