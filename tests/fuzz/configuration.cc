// millrace.yaml, and the blocks of addresses in it: read, or refused with the place.
#include "base/address_ranges.h"
#include "daemon/config.h"
#include "input.h"

using namespace millrace;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  if (in.chance(20)) {
    const std::string block(in.text());
    if (const auto ranges = AddressRanges::parse({block})) {
      IpAddress address{};
      for (std::uint8_t& byte : address) byte = static_cast<std::uint8_t>(in.number(1));
      const bool inside = ranges->contain(address);
      if (block == to_text(address)) fuzz::claim(inside, "a block of one address has it");
      is_public(address);
    }
    return 0;
  }
  Config config;
  const Diagnostics wrong = read_config(in.rest(), config);
  for (const Diagnostic& one : wrong.entries) fuzz::claim(!one.message.empty(), "a reason has words");
  if (!wrong.empty()) return 0;
  fuzz::claim(config.port >= 0 && config.port <= 65'535, "a port is one");
  for (const auto& [name, pool] : config.pools) fuzz::claim(pool.slots >= 0, "slots are a number of things");
  return 0;
}
