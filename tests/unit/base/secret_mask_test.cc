#include "base/secret_mask.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "base/sha256.h"

using namespace millrace;

namespace {

constexpr std::size_t least = 6;
const auto key = std::make_shared<const SecretKey>("the key of these tests");

std::shared_ptr<const SecretMask> mask_of(const std::vector<std::string>& values) {
  std::vector<SecretPrint> prints;
  for (const std::string& value : values) prints.push_back(key->print(value));
  return std::make_shared<const SecretMask>(key, std::move(prints));
}

/// By comparing the values themselves, at each place.
std::string plainly_hidden(const std::string& text, const std::vector<std::string>& values) {
  std::string out = text;
  for (const std::string& value : values)
    for (std::size_t at = 0; at + value.size() <= text.size(); ++at)
      if (text.compare(at, value.size(), value) == 0)
        std::fill_n(out.begin() + static_cast<long>(at), value.size(), '*');
  return out;
}

/// RFC 4648, section 4, bit by bit and without padding; `-_`: section 5.
std::string base64(std::string_view text, bool url = false) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0, held = 0;
  for (const char c : text) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += plain[held >> (bits - 6) & 63];
    held &= 63;
  }
  if (bits > 0) out += plain[held << (6 - bits) & 63];
  if (url)
    for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

bool is_base64_of(const std::string& text, std::string_view value) {
  for (const char* before : {"", "x", "xx"})
    for (const bool url : {false, true})
      if (base64(before + std::string(value), url).find(text) != std::string::npos) return true;
  return false;
}

/// Few letters, so that values overlap each other and themselves.
std::string random_text(std::mt19937& dice, std::size_t size) {
  std::string out;
  while (out.size() < size) out += static_cast<char>('a' + dice() % 2);
  return out;
}

}  // namespace

TEST_CASE("HMAC-SHA256 is RFC 4231's") {
  CHECK(hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("a secret is overwritten byte for byte, wherever it stands") {
  const auto mask = mask_of({"hunter2!"});
  CHECK(mask->hidden("hunter2!") == "********");
  CHECK(mask->hidden("a hunter2! b hunter2!hunter2!") == "a ******** b ****************");
  CHECK(mask->hidden("hunter2? hunter2") == "hunter2? hunter2");
  CHECK(mask->hidden("").empty());
  CHECK(mask->longest() == 8);
  std::string text = "nothing here";
  CHECK_FALSE(mask->hide(text));
  CHECK(text == "nothing here");
}

TEST_CASE("secrets that overlap are hidden whole") {
  CHECK(mask_of({"abcdef", "defghi"})->hidden("abcdefghi") == "*********");
  CHECK(mask_of({"ababab"})->hidden("xababababx") == "x********x");
}

TEST_CASE("values of one end are compared whole") {
  const std::string tail(SecretKey::hashed(1'000), 'z');
  const auto mask = mask_of({"first" + tail, "second" + tail, std::string(5'000, 'q') + tail});
  CHECK(mask->hidden("third" + tail) == "third" + tail);
  CHECK(mask->hidden("first" + tail) == std::string(5 + tail.size(), '*'));
  CHECK(mask->hidden("a second" + tail) == "a " + std::string(6 + tail.size(), '*'));
  CHECK(mask->hidden(std::string(5'001, 'q') + tail) == "q" + std::string(5'000 + tail.size(), '*'));
}

TEST_CASE("a print says nothing without its key, and another key finds nothing") {
  const SecretKey other("another key");
  CHECK(other.print("hunter2!").digest != key->print("hunter2!").digest);
  CHECK(other.print("hunter2!").rolling != key->print("hunter2!").rolling);
  const SecretMask mask(std::make_shared<const SecretKey>("another key"), {key->print("hunter2!")});
  CHECK(mask.hidden("hunter2!") == "hunter2!");
}

TEST_CASE("the mask hides what a search for the values themselves finds") {
  std::mt19937 dice(1);
  for (int round = 0; round < 400; ++round) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i <= dice() % 5; ++i) values.push_back(random_text(dice, least + dice() % 40));
    std::string text = random_text(dice, dice() % 600);
    for (const std::string& value : values)
      text.insert(dice() % (text.size() + 1), value, 0, value.size() - (dice() % 4 == 0 ? 1 : 0));
    CAPTURE(round, text, values);
    CHECK(mask_of(values)->hidden(text) == plainly_hidden(text, values));
  }
}

TEST_CASE("masked in pieces, each seen with its surroundings, a text is what it is masked as a whole") {
  std::mt19937 dice(2);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> values;
    for (int i = 0; i < 3; ++i) values.push_back(random_text(dice, least + dice() % 60));
    std::string text = random_text(dice, 400);
    for (const std::string& value : values) text.insert(dice() % text.size(), value);
    const auto mask = mask_of(values);
    const std::size_t beside = mask->longest() - 1;
    std::string pieces;
    while (pieces.size() < text.size()) {
      const std::size_t at = pieces.size(), size = 1 + dice() % 50;
      const std::size_t from = at - std::min(at, beside);
      const std::string seen = mask->hidden(text.substr(from, at - from + size + beside));
      pieces += seen.substr(at - from, std::min(size, text.size() - at));
    }
    CAPTURE(round, text, values);
    CHECK(pieces == mask->hidden(text));
  }
}

TEST_CASE("base64 of a value is hidden wherever it stands, but for four bits at either end") {
  CHECK(base64("Man") == "TWFu");
  CHECK(base64("\xfb\xff") == "+/8");
  std::mt19937 dice(3);
  for (int round = 0; round < 300; ++round) {
    std::string value, before, after;
    while (value.size() < least + dice() % 60) value += static_cast<char>(1 + dice() % 255);
    std::ranges::replace(value, '\n', '-');
    std::ranges::replace(value, '\r', '-');
    for (auto* text : {&before, &after})
      for (std::size_t size = dice() % 8; text->size() < size;) *text += static_cast<char>(dice() % 256);
    const auto mask = mask_of(spellings_of(value, least));
    for (const bool url : {false, true}) {
      const std::string shown = mask->hidden(base64(before + value + after, url));
      // All letters that hold nothing but the value's bits.
      const std::size_t first = (before.size() * 8 + 5) / 6, end = (before.size() + value.size()) * 8 / 6;
      CAPTURE(round, before.size(), value.size(), shown);
      CHECK(shown.substr(first, end - first) == std::string(end - first, '*'));
      CHECK(std::ranges::count(shown, '*') == std::ptrdiff_t(end - first));
    }
  }
}

TEST_CASE("base64 is of the whole value, without the line end at its end, and of a URL's password") {
  const auto masked = [](std::string_view value, std::string_view text) {
    const std::string shown = mask_of(spellings_of(value, least))->hidden(base64(text));
    return std::ranges::count(shown, '*') >= std::ranges::ssize(shown) - 2;
  };
  CHECK(masked("first line\nsecond line\n", "first line\nsecond line"));
  CHECK(masked("postgres://me:p%40ssword@db/x", "p@ssword"));
  CHECK_FALSE(masked("first line\nsecond line\n", "second line"));
}

TEST_CASE("a mask of very many values finds each of them and no others") {
  std::vector<std::string> values;
  for (int i = 0; i < 20'000; ++i) values.push_back("value number " + std::to_string(i));
  const auto mask = mask_of(values);
  CHECK(mask->hidden("a value number 19999 b") == "a ****************** b");
  CHECK(mask->hidden("a value number 20000 b") == "a *****************0 b");
}

TEST_CASE("a value is looked for as it is written in lines, in JSON and in URLs") {
  using Texts = std::vector<std::string>;
  const auto plain_of = [](std::string_view value) {
    Texts all = spellings_of(value, least);
    std::erase_if(all, [&](const std::string& text) { return is_base64_of(text, value); });
    return all;
  };
  CHECK(plain_of("hunter2") == Texts{"hunter2"});
  CHECK(plain_of("a\"b\\c\td") == Texts{"a\"b\\c\td", "a\\\"b\\\\c\\td", "a%22b%5Cc%09d"});
  CHECK(plain_of("first line\r\nb\nthird line") == Texts{"first line", "third line"});
  CHECK(spellings_of("short", least).empty());
  CHECK(spellings_of("a\nb\nc\nd", least).empty());
  const Texts url = spellings_of("postgres://me:p%40ssword@db/x?y=1@2", least);
  CHECK(std::ranges::count(url, "p%40ssword") == 1);
  CHECK(std::ranges::count(url, "p@ssword") == 1);
  for (const char* plain : {"https://example.org/a:b@c", "postgres://me@db", "no://slash", "user:pass@host"})
    CHECK(plain_of(plain).size() == 2);
}
