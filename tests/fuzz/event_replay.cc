// Readers of the event stream that come, read slowly, go and come back, while changes go on: each gets each
// event of its topics once and in order, or is told that it has to load everything anew.
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "api/event_hub.h"
#include "api/http.h"
#include "fakes.h"
#include "input.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

struct Client final : StreamOut {
  void write(Piece piece) override {
    if (finished) return;
    got += *piece;
    if (slow) waits += piece->size();
  }
  void finish(Piece last, bool) override { got += *last, finished = true; }
  std::size_t waiting() const override { return waits; }
  bool told_to_start_anew() const {
    return got.find("event: reset") != got.npos || got.find("event: resync") != got.npos;
  }
  std::vector<std::int64_t> ids() const {
    std::vector<std::int64_t> out;
    for (std::size_t at = 0, end = 0; (end = got.find("\n\n", at)) != got.npos; at = end + 2) {
      const std::string message = got.substr(at, end - at);
      if (message.starts_with("id: ") && message.find("\ndata: ") != message.npos)
        out.push_back(std::stoll(message.substr(4)));
    }
    return out;
  }

  std::string got;
  bool slow = false, finished = false;
  std::size_t waits = 0;
};

struct Reader {
  std::shared_ptr<Client> client = std::make_shared<Client>();
  std::shared_ptr<StreamSource> source;
  std::int64_t after = 0;
  std::string dag_id;  // empty: all
  bool closed = false;
};

struct Stage {
  FakeRows rows;
  FakeAccess access;
  FakeReader store{rows, access};
  std::deque<std::function<void()>> timers;
  std::deque<std::function<void(StoreReader&)>> jobs;
  EventHub hub{{.after = [this](std::chrono::milliseconds,
                                std::function<void()> call) { timers.push_back(std::move(call)); },
                .read =
                    [this](std::function<void(StoreReader&)> job) {
                      jobs.push_back(std::move(job));
                      return true;
                    }},
               0};
  std::vector<Reader> readers;
  std::int64_t seq = 0;

  void publish(fuzz::Input& in) {
    Publication batch;
    for (std::size_t n = 1 + in.below(30); n > 0; --n) {
      NamedEvent named;
      named.event.seq = ++seq;
      named.event.kind = in.chance(30) ? "run" : "task";
      named.event.dag_id = in.chance(50) ? "etl" : "web";
      named.event.run = {1};
      named.event.task_instance = {static_cast<std::int64_t>(1 + in.below(3))};
      named.event.to = "running";
      named.run_id = "manual__1", named.task_id = "t";
      batch.events.push_back(named);
      rows.named_events.push_back(std::move(named));
    }
    batch.last_seq = seq;
    if (!hub.skip(seq)) hub.publish(std::move(batch));
  }
  void open(fuzz::Input& in) {
    static constexpr std::string_view topics[] = {"topics=events", "topics=dag:etl", "topics=dag:web"};
    static constexpr const char* dags[] = {"", "etl", "web"};
    const std::size_t which = in.below(3);
    Reader reader;
    reader.dag_id = dags[which];
    std::optional<std::int64_t> after;
    if (in.chance(70) && seq > 0)
      after = static_cast<std::int64_t>(in.below(static_cast<std::size_t>(seq) + 1));
    reader.after = after.value_or(seq);
    reader.client->slow = in.chance(50);
    const auto wanted = read_topics(*parse_query(topics[which]), Principal{});
    reader.source = hub.stream(*wanted, after, nullptr);
    reader.source->opened(reader.client);
    readers.push_back(std::move(reader));
  }
  void one_timer() {
    if (timers.empty()) return;
    const auto call = std::move(timers.front());
    timers.pop_front();
    call();
  }
  void one_job() {
    if (jobs.empty()) return;
    const auto job = std::move(jobs.front());
    jobs.pop_front();
    job(store);
  }
  static void drain(Reader& reader) {
    if (reader.closed) return;
    reader.client->waits = 0;
    if (!reader.client->finished) reader.source->drained();
  }
  void check(const Reader& reader) const {
    if (reader.client->told_to_start_anew()) return;
    std::vector<std::int64_t> wanted;
    for (const NamedEvent& named : rows.named_events)
      if (named.event.seq > reader.after && (reader.dag_id.empty() || named.event.dag_id == reader.dag_id))
        wanted.push_back(named.event.seq);
    std::vector<std::int64_t> got = reader.client->ids();
    if (reader.closed || reader.client->finished) wanted.resize(std::min(wanted.size(), got.size()));
    // Who opens without a number starts where the hub is, which may lag behind the record.
    fuzz::claim(got.size() >= wanted.size(), "nothing is left out");
    if (!got.empty()) got.erase(got.begin(), got.end() - static_cast<std::ptrdiff_t>(wanted.size()));
    fuzz::claim(got == wanted, "each event once, in order");
  }
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, std::min<std::size_t>(size, 2'000));
  Stage stage;
  while (!in.empty()) {
    switch (in.below(7)) {
      case 0:
      case 1: stage.publish(in); break;
      case 2:
        if (stage.readers.size() < 6) stage.open(in);
        break;
      case 3: stage.one_timer(); break;
      case 4: stage.one_job(); break;
      case 5:
        if (!stage.readers.empty()) Stage::drain(stage.readers[in.below(stage.readers.size())]);
        break;
      default:
        if (stage.readers.empty()) break;
        if (Reader& one = stage.readers[in.below(stage.readers.size())]; !one.closed && in.chance(30)) {
          one.closed = true;
          one.source->closed();
        }
    }
  }
  for (int quiet = 0; quiet < 60; ++quiet) {  // all that is under way arrives
    for (int i = 0; i < 20; ++i) stage.one_timer(), stage.one_job();
    for (Reader& reader : stage.readers) Stage::drain(reader);
  }
  for (const Reader& reader : stage.readers) stage.check(reader);
  for (Reader& reader : stage.readers)
    if (!reader.closed) reader.source->closed();
  return 0;
}
