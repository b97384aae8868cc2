#include "executor/messages.h"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("a spec survives the wire") {
  AttemptSpec spec;
  spec.attempt = AttemptId{42};
  spec.name = "a/b";
  spec.argv = {"sh", "-c", std::string("x\0y", 3)};
  spec.env = {{"A", "1"}, {"B", ""}};
  spec.timeout = std::chrono::seconds{5};
  spec.memory_bytes = -1;
  spec.user = "u";
  std::string bytes;
  wire::Writer writer(bytes);
  put(writer, spec);
  wire::Reader reader(bytes);
  const AttemptSpec read = take_spec(reader);
  REQUIRE(reader.ok());
  CHECK(reader.at_end());
  CHECK(read.attempt == spec.attempt);
  CHECK(read.argv == spec.argv);
  CHECK(read.env == spec.env);
  CHECK(read.timeout == spec.timeout);
  CHECK(read.memory_bytes == -1);
  CHECK(read.user == "u");
}

TEST_CASE("every shorter spec is refused, none read beyond its end") {
  AttemptSpec spec;
  spec.argv = {"one", "two"};
  spec.env = {{"k", "v"}};
  std::string bytes;
  wire::Writer writer(bytes);
  put(writer, spec);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    wire::Reader reader(std::string_view(bytes).substr(0, length));
    take_spec(reader);
    CHECK_FALSE(reader.ok());
  }
}

TEST_CASE("frames are taken whole or not at all") {
  std::string bytes;
  put_frame(bytes, MessageType::kill,
            [](wire::Writer& w) { w.number(std::int64_t{7}).number(std::uint8_t{0}); });
  Frame frame{};
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK(take_frame(std::string_view(bytes).substr(0, length), frame) == FrameState::partial);
  }
  REQUIRE(take_frame(bytes, frame) == FrameState::whole);
  CHECK(frame.type == MessageType::kill);
  CHECK(frame.size == bytes.size());
  CHECK(take_frame(std::string("\0\0\0\0", 4), frame) == FrameState::broken);
  CHECK(take_frame("\xff\xff\xff\xff", frame) == FrameState::broken);
}

TEST_CASE("a damaged or torn record ends the journal") {
  std::string bytes;
  put_record(bytes, MessageType::acknowledge, [](wire::Writer& w) { w.number(std::int64_t{7}); });
  const auto record = take_record(bytes);
  REQUIRE(record);
  CHECK(record->type == MessageType::acknowledge);
  CHECK(record->size == bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK_FALSE(take_record(std::string_view(bytes).substr(0, i)));
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    CHECK_FALSE(take_record(damaged));
  }
}

TEST_CASE("the CRC is the one everybody knows") { CHECK(wire::crc32("123456789") == 0xCBF43926u); }
