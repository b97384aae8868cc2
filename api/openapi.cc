#include "api/openapi.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/invariant.h"
#include "base/version.h"
#include "dags/parser.h"

namespace millrace {
namespace {

constexpr std::string_view any_text = "string";  // what stands for a body that isn't JSON
constexpr std::string_view json = "application/json";
constexpr std::string_view dag_file = "DagFile";

/// By status: media types and their schemas.
using Successes = std::map<int, std::vector<std::pair<std::string, std::string>>>;

int to_status(std::string_view text) {
  int status = 0;
  std::from_chars(text.data(), text.data() + text.size(), status);
  return status;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

Successes successes_of(const RouteDoc& doc) {
  Successes out;
  const auto add = [&](int status, std::string_view media) {
    const std::string_view schema = media == json ? doc.reply : any_text;
    out[status].emplace_back(media, schema);
  };
  if (!doc.reply.empty()) add(doc.status, json);
  if (doc.status == 204) out[204] = {};
  for (const std::string_view word : words(doc.also)) {
    const std::size_t colon = word.find(':');
    const bool number = word[0] >= '0' && word[0] <= '9';
    const int status = number ? to_status(word.substr(0, colon)) : doc.status;
    if (status == 204 || status == 304) {
      out[status] = {};
      continue;
    }
    add(status, !number ? word : colon == word.npos ? json : word.substr(colon + 1));
  }
  return out;
}

bool changes_things(std::string_view method) { return method != "GET"; }

std::vector<std::string_view> path_parameters(std::string_view pattern) {
  std::vector<std::string_view> out;
  for (std::size_t at = pattern.find('{'); at != pattern.npos; at = pattern.find('{', at + 1)) {
    std::string_view name = pattern.substr(at + 1, pattern.find('}', at) - at - 1);
    if (name.ends_with('*')) name.remove_suffix(1);
    out.push_back(name);
  }
  return out;
}

/// Whether an Idempotency-Key means something here: see idempotency.h.
bool takes_key(const Route& route) {
  return route.method == "POST" && !route.needs.open() && route.kind != RouteKind::form;
}

/// The refusals that follow from what a route is: its path, its permission, what it takes. See front.cc,
/// server.cc and call.h.
std::set<int> refusals_of(const Route& route) {
  std::set<int> out = {400, 403, 421, 431};
  if (!route.needs.open()) out.insert(401);
  if (!path_parameters(route.pattern).empty()) out.insert(404);
  if (!route.doc.query.empty()) out.insert(422);
  if (changes_things(route.method)) out.insert({413, 415});
  if (takes_key(route)) out.insert({409, 422});
  if (!route.doc.body.empty()) out.insert(422);
  if (!std::holds_alternative<DirectHandler>(route.handler)) out.insert({429, 503});
  if (std::holds_alternative<ActHandler>(route.handler) && changes_things(route.method)) {
    out.insert({409, 422, 507});
  }
  for (const std::string_view word : words(route.doc.refuses)) out.insert(to_status(word));
  // What the route says itself of a status is the better word.
  for (const auto& [status, media] : successes_of(route.doc)) out.erase(status);
  return out;
}

std::string_view permission_of(const Route& route) {
  return route.needs.open() ? std::string_view{"anyone"} : to_word(route.needs.least());
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return out;
}

class Document {
 public:
  Document(std::span<const Resource> resources, const SchemaBook& book)
      : resources_(resources), book_(book) {}

  std::string write() {
    out_.begin_object().text_field("openapi", "3.1.0");
    out_.text_field("jsonSchemaDialect", "https://spec.openapis.org/oas/3.1/dialect/base");
    write_about();
    out_.key("paths").begin_object();
    std::vector<std::string_view> done;
    for (const Resource& resource : resources_) {
      for (const Route& route : resource.routes) {
        if (std::ranges::find(done, route.pattern) != done.end()) continue;
        done.push_back(route.pattern);
        write_path(route.pattern);
      }
    }
    out_.end_object();
    write_components();
    out_.end_object();
    return out_.take();
  }

 private:
  void write_about() {
    out_.key("info").begin_object().text_field("title", "Millrace").text_field("version", version);
    out_.text_field("summary", "A pipeline orchestrator: DAGs, runs, backfills, pools, logs.");
    out_.text_field(
        "description",
        "Names and shapes are Airflow 3's where Airflow has them. A mutation is answered after it "
        "is on disk. Members that this document doesn't name may be added to answers; bodies are "
        "strict.");
    out_.end_object();
    out_.key("servers").begin_array().begin_object().text_field("url", "/").end_object().end_array();
    out_.key("tags").begin_array();
    for (const Resource& resource : resources_) {
      out_.begin_object().text_field("name", resource.name).text_field("description", resource.about);
      out_.end_object();
    }
    out_.end_array();
  }

  void write_path(std::string_view pattern) {
    std::string path(pattern);
    std::erase(path, '*');  // the document has no word for the rest of a path
    out_.key(path).begin_object();
    for (const Resource& resource : resources_) {
      for (const Route& route : resource.routes) {
        if (route.pattern == pattern) write_operation(resource, route);
      }
    }
    out_.end_object();
  }

  void write_operation(const Resource& resource, const Route& route) {
    const RouteDoc& doc = route.doc;
    out_.key(lower(route.method)).begin_object();
    out_.text_field("operationId", doc.id).text_field("summary", doc.summary);
    if (!doc.about.empty()) out_.text_field("description", doc.about);
    out_.key("tags").begin_array().string(resource.name).end_array();
    out_.text_field("x-permission", permission_of(route)).text_field("x-scope", to_word(route.needs.reach()));
    out_.key("security").begin_array();
    if (route.needs.open()) out_.begin_object().end_object();
    out_.begin_object().key("token").begin_array();
    if (!route.needs.open()) out_.string(permission_of(route));
    out_.end_array().end_object().end_array();
    write_parameters(route);
    if (!doc.body.empty()) write_body(route);
    out_.key("responses").begin_object();
    for (const auto& [status, media] : successes_of(doc)) write_success(route, status, media);
    for (const int status : refusals_of(route)) {
      out_.key(std::to_string(status)).begin_object();
      out_.text_field("$ref", fmt::format("#/components/responses/{}", status)).end_object();
    }
    out_.end_object().end_object();
  }

  void write_parameters(const Route& route) {
    out_.key("parameters").begin_array();
    for (const std::string_view name : path_parameters(route.pattern)) write_parameter("path", name);
    for (const std::string& key : book_.parameter_keys("query", route.doc.query))
      write_parameter("query", key);
    for (const std::string& key : book_.parameter_keys("header", route.doc.headers)) {
      write_parameter("header", key);
    }
    if (takes_key(route)) write_parameter("header", "Idempotency-Key");
    out_.end_array();
  }

  void write_parameter(std::string_view place, std::string_view key) {
    const JsonValue* known = book_.parameter(place, key);
    if (known == nullptr) return;  // a fault: see openapi_faults
    out_.begin_object().text_field("name", key.substr(0, key.find(':'))).text_field("in", place);
    if (place == "path") out_.bool_field("required", true);
    if (known->is(JsonValue::Kind::string)) {
      if (const std::size_t blank = known->text.find(' '); blank != std::string::npos)
        out_.text_field("description", std::string_view(known->text).substr(blank + 1));
    } else if (const JsonValue* text = known->find("description"); text != nullptr) {
      out_.text_field("description", text->text);
    }
    out_.key("schema");
    JsonValue schema = *known;
    if (schema.is(JsonValue::Kind::string)) schema.text = schema.text.substr(0, schema.text.find(' '));
    std::erase_if(schema.members, [](const JsonMember& member) { return member.name == "description"; });
    book_.write(out_, schema);
    out_.end_object();
  }

  void write_content(std::string_view media, std::string_view schema) {
    out_.key(media).begin_object().key("schema");
    JsonValue reference;
    reference.kind = JsonValue::Kind::string;
    reference.text = schema;
    book_.write(out_, reference);
    out_.end_object();
  }

  void write_body(const Route& route) {
    const JsonValue* schema = book_.schema(route.doc.body);
    const bool dag = route.kind == RouteKind::yaml;
    const bool required = dag || (schema != nullptr && !book_.required(*schema).empty());
    out_.key("requestBody").begin_object().bool_field("required", required).key("content").begin_object();
    const bool form = route.kind == RouteKind::form;
    write_content(dag ? "text/yaml" : form ? "application/x-www-form-urlencoded" : json, route.doc.body);
    out_.end_object().end_object();
  }

  void write_success(const Route& route, int status, const Successes::mapped_type& media) {
    out_.key(std::to_string(status)).begin_object().text_field("description", reason_phrase(status));
    if (!media.empty()) {
      out_.key("content").begin_object();
      for (const auto& [type, schema] : media) write_content(type, schema);
      out_.end_object();
    }
    if (route.method == "POST") write_links(route);
    out_.end_object();
  }

  /// From what a POST made to the operations on it, where its schema says which path parameters it gives.
  void write_links(const Route& from) {
    const JsonValue* schema = book_.schema(from.doc.reply);
    const JsonValue* gives = schema == nullptr ? nullptr : book_.gives(*schema);
    if (gives == nullptr) return;
    out_.key("links").begin_object();
    for (const Resource& resource : resources_) {
      for (const Route& to : resource.routes) {
        const auto names = path_parameters(to.pattern);
        const auto given = [&](std::string_view name) { return gives->find(name) != nullptr; };
        if (names.empty() || !std::ranges::all_of(names, given)) continue;
        out_.key(to.doc.id)
            .begin_object()
            .text_field("operationId", to.doc.id)
            .key("parameters")
            .begin_object();
        for (const std::string_view name : names) {
          out_.text_field(name, fmt::format("$response.body#/{}", gives->find(name)->text));
        }
        out_.end_object().end_object();
      }
    }
    out_.end_object();
  }

  void write_components() {
    out_.key("components").begin_object().key("securitySchemes").begin_object().key("token").begin_object();
    out_.text_field("type", "http").text_field("scheme", "bearer");
    out_.text_field(
        "description",
        "The roles viewer, operator, author and admin: each may do what the ones before it may. An "
        "operation names the least that it needs. The session of a browser counts the same, from this "
        "daemon's own pages.");
    out_.end_object().end_object().key("responses").begin_object();
    std::set<int> statuses;
    for (const Resource& resource : resources_) {
      for (const Route& route : resource.routes) statuses.merge(refusals_of(route));
    }
    for (const int status : statuses) {
      out_.key(std::to_string(status)).begin_object().text_field("description", reason_phrase(status));
      out_.key("content").begin_object();
      write_content("application/problem+json", "Problem");
      out_.end_object().end_object();
    }
    out_.end_object().key("schemas").begin_object();
    for (const auto& [name, schema] : book_.schemas()) {
      if (name == dag_file) {
        write_dag_file();
        continue;
      }
      out_.key(name);
      book_.write(out_, schema);
    }
    out_.end_object().end_object();
  }

  /// The DAG language has its own schema (`millrace schema`), made from the keys that the reader knows. Its
  /// references become the document's.
  void write_dag_file() {
    std::string text = dag_json_schema();
    constexpr std::string_view own = "#/$defs/", ours = "#/components/schemas/DagFile_";
    for (std::size_t at = text.find(own); at != text.npos; at = text.find(own, at + ours.size())) {
      text.replace(at, own.size(), ours);
    }
    const auto schema = parse_json(text);
    INVARIANT(schema.has_value());
    out_.key(dag_file).begin_object();
    for (const JsonMember& member : schema->members) {
      if (!member.name.starts_with('$')) out_.raw_field(member.name, to_json(member.value));
    }
    out_.end_object();
    for (const JsonMember& part : schema->find("$defs")->members) {
      out_.raw_field(fmt::format("{}_{}", dag_file, part.name), to_json(part.value));
    }
  }

  std::span<const Resource> resources_;
  const SchemaBook& book_;
  JsonWriter out_;
};

/// Looks for what the document would lack.
class Faults {
 public:
  Faults(std::span<const Resource> resources, const SchemaBook& book)
      : resources_(resources), book_(book), out_(book.faults()) {}

  std::vector<std::string> find() {
    std::set<std::string> roots = {"Problem"};
    for (const Resource& resource : resources_) {
      for (const Route& route : resource.routes) look_at(route, roots);
    }
    for (const std::string_view place : {"path", "query", "header"}) {
      for (const auto& [key, schema] : book_.parameters(place)) {
        JsonWriter ignored;
        if (!schema.is(JsonValue::Kind::array)) book_.write(ignored, schema, &roots);
        if (!used_[std::string(place)].contains(key))
          out_.push_back(
              fmt::format("api/schemas/parameters.json: no route uses the {} parameter '{}'", place, key));
      }
    }
    const std::set<std::string> used = book_.reachable(roots);
    for (const auto& [name, schema] : book_.schemas()) {
      if (!used.contains(name))
        out_.push_back(fmt::format("api/schemas/: no route uses the schema '{}'", name));
    }
    return std::move(out_);
  }

 private:
  void look_at(const Route& route, std::set<std::string>& roots) {
    const std::string name = fmt::format("{} {}", route.method, route.pattern);
    if (!ids_.insert(std::string(std::string_view(route.doc.id))).second) {
      out_.push_back(
          fmt::format("{}: another operation has the id '{}'", name, std::string_view(route.doc.id)));
    }
    for (const auto& [what, schema] :
         {std::pair{"body", route.doc.body}, std::pair{"reply", route.doc.reply}}) {
      if (schema.empty()) continue;
      roots.emplace(schema);
      if (book_.schema(schema) == nullptr) {
        out_.push_back(
            fmt::format("{}: its {} is '{}', which no file of api/schemas/ describes; add \"{}\" to "
                        "the file of that resource (docs/api.md, Adding a route)",
                        name, what, schema, schema));
      }
    }
    if (successes_of(route.doc).empty()) {
      out_.push_back(fmt::format("{}: says neither a reply nor .status = 204", name));
    }
    for (const std::string_view parameter : path_parameters(route.pattern)) check(name, "path", parameter);
    use(name, "query", route.doc.query);
    use(name, "header", route.doc.headers);
    if (takes_key(route)) check(name, "header", "Idempotency-Key");
  }

  void use(std::string_view route, std::string_view place, std::string_view keys) {
    for (const std::string_view word : words(keys)) check(route, place, word);
    for (const std::string& key : book_.parameter_keys(place, keys)) check(route, place, key);
  }

  void check(std::string_view route, std::string_view place, std::string_view key) {
    used_[std::string(place)].emplace(key);
    if (book_.parameter(place, key) != nullptr) return;
    out_.push_back(
        fmt::format("{}: its {} parameter '{}' isn't in api/schemas/parameters.json", route, place, key));
  }

  std::span<const Resource> resources_;
  const SchemaBook& book_;
  std::vector<std::string> out_;
  std::set<std::string> ids_;
  std::map<std::string, std::set<std::string>> used_;
};

}  // namespace

std::string make_openapi(std::span<const Resource> resources, const SchemaBook& book) {
  return Document(resources, book).write();
}

const std::string& openapi_document() {
  static const std::string text = make_openapi(resources(), SchemaBook::embedded());
  return text;
}

std::vector<std::string> openapi_faults(std::span<const Resource> resources, const SchemaBook& book) {
  return Faults(resources, book).find();
}

}  // namespace millrace
