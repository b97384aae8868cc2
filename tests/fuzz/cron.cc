// A cron expression in some zone: ticks go forward only, and looking back finds what looking ahead found.
#include "dags/cron_ticks.h"
#include "dags/schedule.h"
#include "input.h"

using namespace millrace;

namespace {

constexpr const char* zones[] = {"UTC",           "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                                 "Asia/Kathmandu", "Africa/Cairo",  "Pacific/Apia",     "America/Sao_Paulo"};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  const auto zone = Zone::find(zones[in.below(std::size(zones))]);
  DstPolicy policy;
  policy.missing = static_cast<DstMissing>(in.below(2));
  policy.duplicate = static_cast<DstDuplicate>(in.below(3));
  const auto from = static_cast<std::int64_t>(in.number(4));  // 1970 to 2106
  const auto cron = parse_cron(in.text());
  if (!cron) {
    fuzz::claim(!cron.error().message.empty(), "a refusal has words");
    return 0;
  }
  std::int64_t at = from;
  for (int i = 0; i < 5; ++i) {
    const auto tick = cron_tick_at_or_after(*cron, *zone, policy, at);
    if (!tick) break;
    fuzz::claim(*tick >= at, "the next tick isn't before now");
    fuzz::claim(cron_tick_at_or_after(*cron, *zone, policy, *tick) == tick, "a tick is at itself");
    fuzz::claim(cron_tick_at_or_before(*cron, *zone, policy, *tick) == tick, "also seen from behind");
    if (const auto before = cron_tick_at_or_before(*cron, *zone, policy, *tick - 1))
      fuzz::claim(*before < at || *before < *tick, "the one before is earlier");
    at = *tick + 1;
  }
  return 0;
}
