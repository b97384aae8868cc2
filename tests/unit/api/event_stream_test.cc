// The stream on real sockets: heads, doors, places, who never reads, who hangs up; and a log that is
// followed.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/limits.h"
#include "fakes.h"

using namespace millrace;
using namespace millrace::testing;

namespace {

/// A client of a stream: sends a request, then reads until it sees what it waits for.
class Listening {
 public:
  Listening(const Served& served, std::string_view target, std::string_view more = {})
      : fd_(served.connect()) {
    const std::string request =
        fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{}\r\n", target,
                    served.host(), served.admin, more);
    REQUIRE(::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(request.size()));
  }
  ~Listening() { hang_up(); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  /// False: the stream ended (or ten seconds went by) without it.
  bool sees(std::string_view wanted) {
    while (got.find(wanted) == got.npos)
      if (!read()) return false;
    return true;
  }
  void read_to_end() {
    while (read()) {
    }
  }
  void hang_up() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  std::string got;

 private:
  bool read() {
    char piece[64 << 10];
    const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
    if (n > 0) got.append(piece, static_cast<std::size_t>(n));
    return n > 0;
  }
  int fd_;
};

std::vector<Change> moved(std::int64_t seq, std::string to, std::string cause = "c") {
  TaskInstanceRow task;
  task.id = {7};
  task.run = {1};
  task.task_id = "load";
  return {task, EventRow{.seq = seq,
                         .kind = "task",
                         .dag_id = "etl",
                         .run = {1},
                         .task_instance = {7},
                         .to = std::move(to),
                         .cause = std::move(cause)}};
}

InMemory in_memory(const Served& served) {
  return {[&served](RunId) { return &served.rows.runs[0]; }, [](TaskInstanceId) { return nullptr; }};
}

/// The tests hold both ends of a thousand connections.
void allow_many_files() {
  rlimit files{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8'192);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
  REQUIRE(files.rlim_cur >= 4'096);
}

constexpr std::string_view log_path =
    "/api/v2/dags/etl/dagRuns/manual__2001-01-05T00:00:00+00:00/taskInstances/load/logs/1";

}  // namespace

TEST_CASE("a stream begins at once, is never cached, and tells what is committed") {
  const Served served;
  Listening both(served, "/events?topics=tasks"), base(served, "/api/v2/events?topics=dag:etl");
  for (Listening* client : {&both, &base}) {
    REQUIRE(client->sees("id: 0\n\n"));
    CHECK(client->got.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(client->got.find("Content-Type: text/event-stream") != std::string::npos);
    CHECK(client->got.find("Content-Length") == std::string::npos);
    CHECK(client->got.find("Cache-Control: no-store") != std::string::npos);
    CHECK(client->got.find("Connection: close") != std::string::npos);
  }
  served.server->publish(moved(1, "running"), in_memory(served));
  served.server->publish(moved(2, "success"), in_memory(served));
  for (Listening* client : {&both, &base}) {
    CHECK(client->sees("id: 2\nevent: ti\n"));
    CHECK(client->got.find("id: 1\nevent: ti\n") < client->got.find("id: 2\nevent: ti\n"));
    CHECK(client->got.find("\"run_id\":\"manual__2001-01-05T00:00:00+00:00\"") != std::string::npos);
  }
}

TEST_CASE("the doors of a stream are those of every route") {
  const Served served;
  CHECK(served.ask("GET", "/events", "").status == 401);
  CHECK(served.ask("GET", "/events", served.admin, {}, {}, "Origin: https://evil.example\r\n").status == 403);
  CHECK(served.ask("GET", "/events", served.admin, {}, {}, "Origin: null\r\n").status == 403);
  CHECK(served.ask("POST", "/events", served.admin).status == 405);
  CHECK(served.ask("GET", "/events?topics=nonsense", served.admin).status == 422);
  CHECK(served.ask("GET", "/events", served.admin, {}, {}, "Last-Event-ID: x\r\n").status == 422);
  const auto head = served.ask("HEAD", "/events", served.viewer);
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK(head.head.find("text/event-stream") != std::string::npos);
}

TEST_CASE("one stream more than there are places is asked to come again; a place is given back") {
  allow_many_files();
  const Served served;
  std::vector<std::unique_ptr<Listening>> all;
  for (std::size_t i = 0; i < limits::streams; ++i)
    all.push_back(std::make_unique<Listening>(served, "/events?topics=overview"));
  for (const auto& one : all) REQUIRE(one->sees("retry:"));
  const auto refused = served.ask("GET", "/events", served.admin);
  CHECK(refused.status == 503);
  CHECK(refused.head.find("Retry-After: ") != std::string::npos);
  CHECK(served.ask("GET", "/api/v2/dags", served.admin).status == 200);
  all.front()->hang_up();
  bool let_in = false;
  for (int i = 0; i < 1'000 && !let_in; ++i) {  // the server has to notice first
    Listening next(served, "/events");
    REQUIRE(next.sees("HTTP/1.1 "));
    let_in = next.got.starts_with("HTTP/1.1 200");
  }
  CHECK(let_in);
}

TEST_CASE("who never reads is sent away with `resync` and keeps nobody waiting") {
  const Served served;
  Listening stuck(served, "/events?topics=tasks");
  Listening fine(served, "/events?topics=dag:etl");
  REQUIRE(stuck.sees("retry:"));
  REQUIRE(fine.sees("retry:"));
  const std::string large(20'000, 'x');
  std::int64_t seq = 0;
  // Each is told before the next: more than the two socket buffers and the backlog of who doesn't read.
  for (; seq < 600;) {
    ++seq;
    served.server->publish(moved(seq, "running", large), in_memory(served));
    if (seq % 50 == 0) REQUIRE(fine.sees(fmt::format("id: {}\n", seq)));
  }
  REQUIRE(fine.sees(fmt::format("id: {}\n", seq)));
  CHECK(served.ask("GET", "/api/v2/monitor/health", "").status == 200);
  stuck.read_to_end();  // at last: what was on its way, whole, then the reason
  CHECK(stuck.got.ends_with("\n\n"));
  CHECK(stuck.got.find("event: resync\n") != std::string::npos);
  CHECK(stuck.got.find(fmt::format("id: {}\n", seq)) == std::string::npos);
}

TEST_CASE("a burst larger than a connection holds arrives whole, though more comes meanwhile") {
  const Served served;
  Listening reader(served, "/events?topics=tasks");
  REQUIRE(reader.sees("retry:"));
  std::vector<Change> burst;
  for (std::int64_t seq = 1; seq <= 20; ++seq) {
    for (Change& change : moved(seq, "running", std::string(20'000, 'x'))) burst.push_back(std::move(change));
  }
  served.server->publish(std::move(burst), in_memory(served));
  for (std::int64_t seq = 21; seq <= 25; ++seq) {
    served.server->publish(moved(seq, "success"), in_memory(served));
    REQUIRE(reader.sees(fmt::format("id: {}\n", 4 * (seq - 20))));
  }
  CHECK(reader.sees("id: 25\n"));
  CHECK(reader.got.find("event: resync") == std::string::npos);
}

TEST_CASE("slow heads and silent streams: everybody else is answered") {
  allow_many_files();
  const Served served;
  std::vector<int> slow;
  std::vector<std::unique_ptr<Listening>> silent;
  for (int i = 0; i < 500; ++i) {
    slow.push_back(served.connect());
    ::send(slow.back(), "G", 1, MSG_NOSIGNAL);
  }
  for (int i = 0; i < 200; ++i) silent.push_back(std::make_unique<Listening>(served, "/events"));
  int answered = 0;
  for (int i = 0; i < 100; ++i) {
    ::send(slow[static_cast<std::size_t>(i)], "E", 1, MSG_NOSIGNAL);
    answered += served.ask("GET", "/api/v2/monitor/health", "").status == 200 ? 1 : 0;
    answered += served.ask("GET", "/api/v2/dags/etl", served.admin).status == 200 ? 1 : 0;
  }
  CHECK(answered == 200);
  for (const auto& one : silent) CHECK(one->sees("retry:"));
  for (const int fd : slow) ::close(fd);
}

TEST_CASE("a log is followed from any byte to the end of its attempt") {
  Served served;
  served.rows.attempts[0].outcome.reset();
  const auto folder = served.folder / "logs/etl/manual/load/-1";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "1.log", std::ios::binary) << "first\n\xc3";  // half a character
  Listening from_start(served, fmt::format("{}?follow=1", log_path));
  Listening from_end(served, fmt::format("{}?follow=1&offset=-3", log_path));
  Listening later(served, fmt::format("{}?follow=true", log_path), "Last-Event-ID: 4\r\n");
  REQUIRE(from_start.sees("{\"offset\":0,\"size\":7,\"text\":\"first\\n\"}"));
  REQUIRE(from_end.sees("{\"offset\":4,"));
  REQUIRE(later.sees("id: 6\nevent: log\ndata: {\"offset\":4,\"size\":7,\"text\":\"t\\n\"}"));
  std::ofstream(folder / "1.log", std::ios::binary | std::ios::app) << "\xa9 then \xff\n";
  {
    const std::lock_guard lock(*served.rows.mutex);
    served.rows.attempts[0].outcome = Outcome::failed;
  }
  served.server->publish(moved(1, "failed"), in_memory(served));
  for (Listening* client : {&from_start, &from_end, &later}) {
    client->read_to_end();
    CHECK(client->got.find("{\"offset\":6,\"size\":16,\"text\":\"\xc3\xa9 then \xef\xbf\xbd\\n\"}") !=
          std::string::npos);
    CHECK(client->got.ends_with(
        "id: 16\nevent: end\ndata: {\"size\":16,\"try_number\":1,\"outcome\":\"failed\"}\n\n"));
  }
  // An EventSource that comes back after the end is told to stay away.
  CHECK(served.ask("GET", fmt::format("{}?follow=1", log_path), served.admin, {}, {}, "Last-Event-ID: 16\r\n")
            .status == 204);
  CHECK(served.ask("GET", fmt::format("{}?follow=1&offset=x", log_path), served.admin).status == 422);
}

TEST_CASE("a followed log without a file ends when its attempt does") {
  Served served;
  served.rows.attempts[0].outcome = Outcome::spawn_failed;
  Listening client(served, fmt::format("{}?follow=1", log_path));
  CHECK(client.sees("event: end\ndata: {\"size\":0,\"try_number\":1,\"outcome\":\"spawn_failed\"}"));
}
