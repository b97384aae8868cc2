#include "data/parquet_footer.h"

#include <cstring>
#include <fstream>

namespace millrace {
namespace {

// Wide tables of many row groups have some megabytes; what is larger isn't worth the memory.
constexpr std::int64_t footer_bytes = 32 << 20;
constexpr std::size_t shown_columns = 2'000;
constexpr int nesting = 16;  // parquet-format itself needs 7

/// Thrift's compact protocol, as much of it as metadata has. After a fault `ok` is false and all else is 0.
class Thrift {
 public:
  enum Type : unsigned char {
    stop = 0, yes = 1, no = 2, byte = 3, i16 = 4, i32 = 5, i64 = 6, real = 7, text = 8, list = 9, set = 10,
    map = 11, record = 12, uuid = 13,
  };
  explicit Thrift(std::string_view bytes) : rest_(bytes) {}

  bool ok = true;

  struct Field {
    int id = 0;
    Type type = stop;
  };
  Field field(int previous) {
    const unsigned char head = octet();
    const auto type = static_cast<Type>(head & 15);
    if (!ok || type == stop) return {};
    const int delta = head >> 4;
    return {delta != 0 ? previous + delta : static_cast<int>(integer()), type};
  }
  std::int64_t integer() {
    const std::uint64_t raw = varint();
    return static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
  }
  std::string_view bytes() { return take(varint()); }
  struct List {
    std::uint64_t size = 0;
    Type type = stop;
  };
  List list_head() {
    const unsigned char head = octet();
    const std::uint64_t size = head >> 4;
    return {size == 15 ? varint() : size, static_cast<Type>(head & 15)};
  }
  void skip(Type type, int depth = 0) {
    if (depth > nesting) ok = false;
    if (!ok) return;
    switch (type) {
      case yes:
      case no: return;
      case byte: take(1); return;
      case i16:
      case i32:
      case i64: varint(); return;
      case real: take(8); return;
      case uuid: take(16); return;
      case text: bytes(); return;
      case list:
      case set: {
        const List head = list_head();
        for (std::uint64_t i = 0; ok && i < head.size; ++i)
          skip_element(head.type, depth);
        return;
      }
      case map: {
        const std::uint64_t size = varint();
        const unsigned char types = size > 0 ? octet() : 0;
        for (std::uint64_t i = 0; ok && i < size; ++i) {
          skip_element(static_cast<Type>(types >> 4), depth);
          skip_element(static_cast<Type>(types & 15), depth);
        }
        return;
      }
      case record:
        for (Field f = field(0); f.type != stop; f = field(f.id)) skip(f.type, depth + 1);
        return;
      default: ok = false;
    }
  }

 private:
  /// A truth value has a byte of its own here. Each element takes one: a huge count ends with the text.
  void skip_element(Type type, int depth) { skip(type == yes || type == no ? byte : type, depth + 1); }
  std::string_view take(std::uint64_t size) {
    if (!ok || size > rest_.size()) {
      ok = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  unsigned char octet() {
    const std::string_view one = take(1);
    return one.empty() ? 0 : static_cast<unsigned char>(one[0]);
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const unsigned char part = octet();
      value |= static_cast<std::uint64_t>(part & 127) << shift;
      if ((part & 128) == 0) return value;
    }
    ok = false;
    return 0;
  }

  std::string_view rest_;
};

/// SchemaElement of parquet-format.
struct Element {
  std::string name;
  std::int64_t physical = -1, children = 0, converted = -1;
  int logical = 0;  // which member of the LogicalType union
};

Element read_element(Thrift& in) {
  Element out;
  for (Thrift::Field f = in.field(0); f.type != Thrift::stop; f = in.field(f.id)) {
    if (f.id == 1 && f.type == Thrift::i32) {
      out.physical = in.integer();
    } else if (f.id == 4 && f.type == Thrift::text) {
      out.name = in.bytes();
    } else if (f.id == 5 && f.type == Thrift::i32) {
      out.children = in.integer();
    } else if (f.id == 6 && f.type == Thrift::i32) {
      out.converted = in.integer();
    } else if (f.id == 10 && f.type == Thrift::record) {
      const Thrift::Field member = in.field(0);
      out.logical = member.id;
      if (member.type != Thrift::stop) {
        in.skip(member.type);
        for (Thrift::Field rest = in.field(member.id); rest.type != Thrift::stop; rest = in.field(rest.id))
          in.skip(rest.type);
      }
    } else {
      in.skip(f.type);
    }
  }
  return out;
}

/// The contract's words (docs/dag-language.md).
std::string_view type_word(const Element& e) {
  if (e.physical < 0 || e.children > 0) return e.logical == 3 || e.converted == 3 ? "list" : "struct";
  if (e.logical == 5 || e.converted == 5) return "decimal";
  if (e.logical == 6 || e.converted == 6) return "date";
  if (e.logical == 7 || e.converted == 7 || e.converted == 8) return "time";
  if (e.logical == 8 || e.converted == 9 || e.converted == 10) return "timestamp";
  if (e.logical == 14) return "uuid";
  if (e.logical == 12 || e.converted == 19) return "json";
  switch (e.physical) {
    case 0: return "boolean";
    case 1: return e.converted == 15 ? "int8" : e.converted == 16 ? "int16" : "int32";
    case 2: return "int64";
    case 3: return "timestamp";
    case 4: return "float";
    case 5: return "double";
    case 6:
      return e.logical == 1 || e.logical == 4 || e.converted == 0 || e.converted == 4 ? "string" : "binary";
    default: return "binary";
  }
}

/// The list is the tree in depth-first order, the root first: only its own children are columns.
void read_schema(Thrift& in, ParquetFooter& out) {
  const Thrift::List head = in.list_head();
  if (head.type != Thrift::record) in.ok = false;
  std::int64_t below = 0;  // elements that belong to a nested column
  for (std::uint64_t i = 0; in.ok && i < head.size; ++i) {
    const Element element = read_element(in);
    if (i == 0) continue;
    if (below == 0) {
      if (out.columns.size() < shown_columns) out.columns.emplace_back(element.name, type_word(element));
    } else {
      --below;
    }
    below += element.children;
    if (element.children < 0 || below < 0) in.ok = false;
  }
}

}  // namespace

std::optional<ParquetFooter> parse_parquet_metadata(std::string_view metadata) {
  Thrift in(metadata);
  ParquetFooter out;
  bool has_rows = false;
  // Fields come in order; what is behind the rows (row groups) isn't looked at.
  for (Thrift::Field f = in.field(0); in.ok && f.type != Thrift::stop && !has_rows; f = in.field(f.id)) {
    if (f.id == 2 && f.type == Thrift::list) {
      read_schema(in, out);
    } else if (f.id == 3 && f.type == Thrift::i64) {
      out.rows = in.integer();
      has_rows = true;
      break;
    } else {
      in.skip(f.type);
    }
  }
  if (!in.ok || !has_rows || out.rows < 0) return {};
  return out;
}

std::optional<ParquetFooter> read_parquet_footer(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::int64_t size = file ? static_cast<std::int64_t>(file.tellg()) : 0;
  if (size < 12) return {};
  unsigned char tail[8];
  file.seekg(size - 8).read(reinterpret_cast<char*>(tail), sizeof tail);
  if (!file || std::memcmp(tail + 4, "PAR1", 4) != 0) return {};
  const std::int64_t length = tail[0] | tail[1] << 8 | tail[2] << 16 | std::int64_t{tail[3]} << 24;
  if (length > footer_bytes || length > size - 12) return {};
  std::string metadata(static_cast<std::size_t>(length), '\0');
  file.seekg(size - 8 - length).read(metadata.data(), length);
  if (!file) return {};
  return parse_parquet_metadata(metadata);
}

}  // namespace millrace
