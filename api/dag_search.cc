#include "api/dag_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/filters.h"
#include "api/shapes.h"
#include "base/limits.h"

namespace millrace {
namespace {

std::expected<void, Problem> read_run_wishes(const Call& call, DagSearch& search) {
  if (const auto word = call.query_value("last_dag_run_state")) {
    search.last_state = run_state_from(*word);
    if (!search.last_state) return refuse_field("last_dag_run_state", "queued, running, success or failed");
  }
  const auto started = time_span(call, "dag_run_start_date"), ended = time_span(call, "dag_run_end_date");
  if (!started) return std::unexpected(started.error());
  if (!ended) return std::unexpected(ended.error());
  const auto states = call.query_values("dag_run_state");
  if (states.empty() && !started->from && !started->to && !ended->from && !ended->to) return {};
  search.run.emplace();
  search.run->started = *started;
  search.run->ended = *ended;
  for (const std::string_view word : states) {
    const auto state = run_state_from(word);
    if (!state) return refuse_field("dag_run_state", "queued, running, success or failed");
    search.run->states.push_back(*state);
  }
  return {};
}

std::expected<void, Problem> read_flags(const Call& call, DagSearch& search) {
  std::optional<bool> paused, favorite, by_datasets, exclude_stale;
  for (const auto& [name, into] :
       {std::pair{"paused", &paused}, std::pair{"has_import_errors", &search.broken},
        std::pair{"is_favorite", &favorite}, std::pair{"has_asset_schedule", &by_datasets},
        std::pair{"exclude_stale", &exclude_stale}}) {
    const auto flag = flag_in_query(call, name);
    if (!flag) return std::unexpected(flag.error());
    *into = *flag;
  }
  if (paused) search.wish.state = *paused ? DagWish::State::paused : DagWish::State::active;
  if (by_datasets) search.wish.labels.push_back({label_of_schedule(*by_datasets)});
  search.nothing = favorite.value_or(false);  // nobody has favourites here
  search.wish.with_removed = !exclude_stale.value_or(true);
  return {};
}

void read_labels(const Call& call, DagWish& wish) {
  std::vector<std::string> tags, owners;
  for (const std::string_view tag : call.query_values("tags")) tags.push_back(label_of_tag(tag));
  for (const std::string_view owner : call.query_values("owners")) owners.push_back(label_of_owner(owner));
  if (call.query_value("tags_match_mode").value_or("any") == "all") {
    for (std::string& tag : tags) wish.labels.push_back({std::move(tag)});
  } else if (!tags.empty()) {
    wish.labels.push_back(std::move(tags));
  }
  if (!owners.empty()) wish.labels.push_back(std::move(owners));
  const std::string_view dataset = call.query_value("asset_dependency").value_or("");
  if (!dataset.empty()) wish.labels.push_back({label_of_dataset(dataset)});
}

/// The longest piece of a pattern that stands in it as it is.
std::string_view plain_piece(std::string_view pattern) {
  std::string_view longest;
  while (!pattern.empty()) {
    const std::string_view piece = pattern.substr(0, pattern.find_first_of("%_"));
    if (piece.size() > longest.size()) longest = piece;
    pattern.remove_prefix(std::min(pattern.size(), piece.size() + 1));
  }
  return longest;
}

void read_names(const Call& call, DagWish& wish) {
  const TextMatch id = text_match(call, "dag_id"), shown = text_match(call, "dag_display_name");
  const std::string_view piece = plain_piece(id.like), other = plain_piece(shown.like);
  wish.piece = piece.size() < other.size() ? other : piece;
  wish.prefix = id.prefix.size() < shown.prefix.size() ? shown.prefix : id.prefix;
  const bool exact = (id.like.empty() || shown.like.empty()) && (id.prefix.empty() || shown.prefix.empty()) &&
                     wish.piece == id.like + shown.like && call.who.dags.empty();
  if (exact) return;
  wish.named = [id, shown, who = call.who](std::string_view dag_id) {
    return who.may_see(dag_id) && matches(id, dag_id) && matches(shown, dag_id);
  };
}

/// The first key decides; what the index can't sort by is sorted when the rows are read.
std::expected<void, Problem> read_order(DagSearch& search) {
  static constexpr std::array<std::string_view, 5> known = {"dag_id", "dag_display_name", "is_paused",
                                                            "last_run_state", "last_run_start_date"};
  std::vector<std::pair<std::string, bool>> keys;
  for (std::string_view rest = search.page.order_by; !rest.empty();) {
    std::string_view key = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), key.size() + 1));
    const bool descending = key.starts_with('-');
    if (descending) key.remove_prefix(1);
    if (std::ranges::find(known, key) == known.end())
      return refuse_field("order_by", "dag_id, dag_display_name, is_paused, last_run_state or "
                                      "last_run_start_date, '-' in front for descending");
    keys.emplace_back(key, descending);
  }
  if (keys.empty()) return {};
  const std::string& first = keys.front().first;
  const bool by_name = first == "dag_id" || first == "dag_display_name";
  if (by_name || (first == "is_paused" && keys.size() == 1)) {
    search.wish.sort = by_name ? DagWish::Sort::dag_id : DagWish::Sort::paused;
    search.wish.descending = keys.front().second;
  } else {
    search.order_by = std::move(keys);
  }
  return {};
}

bool passes(const DagSearch& search, const Call& call, StoreReader& reader, Shapes& shapes,
            const DagRow& row) {
  if (search.broken && shapes.has_import_errors(row) != *search.broken) return false;
  if (!search.bundle_version.empty()) {
    const auto facts = call.services->versions.find(reader, row.current);
    if (!facts || facts->hash != search.bundle_version) return false;
  }
  if (search.last_state) {
    const auto last = reader.last_run(row.dag_id);
    if (!last || last->state != *search.last_state) return false;
  }
  if (search.run) {
    RunFilter runs = *search.run;
    runs.dag_id = row.dag_id;
    const auto found = reader.runs(runs, Page{.limit = 1, .counted = false});
    if (!found || found->rows.empty()) return false;
  }
  return true;
}

/// Texts that sort as the key does.
std::string sort_text(std::string_view key, StoreReader& reader, const DagRow& row) {
  if (key == "dag_id" || key == "dag_display_name") return row.dag_id;
  if (key == "is_paused") return row.paused ? "1" : "0";
  const auto last = reader.last_run(row.dag_id);
  if (key == "last_run_state") return std::string(last ? to_word(last->state) : std::string_view{});
  return fmt::format("{:020}", last && last->started_at ? last->started_at->us : 0);
}

/// By the last key first; rows come in by dag_id.
void sort(std::vector<DagRow>& rows, const DagSearch& search, StoreReader& reader) {
  for (auto key = search.order_by.rbegin(); key != search.order_by.rend(); ++key) {
    std::vector<std::pair<std::string, DagRow>> keyed;
    for (DagRow& row : rows) keyed.emplace_back(sort_text(key->first, reader, row), std::move(row));
    std::ranges::stable_sort(keyed, [&](const auto& a, const auto& b) {
      return key->second ? b.first < a.first : a.first < b.first;
    });
    rows.clear();
    for (auto& [text, row] : keyed) rows.push_back(std::move(row));
  }
}

/// A DAG that isn't on disk yet is left out.
FoundDags read_rows(const Call& call, StoreReader& reader, const DagSearch& search,
                    const std::vector<std::string>& dag_ids, std::int64_t total) {
  FoundDags out{{}, total};
  for (const std::string& dag_id : dag_ids)
    if (auto row = reader.dag(dag_id)) out.shown.push_back(std::move(*row));
  if (!search.reads_each()) return out;
  Shapes shapes(call, reader);
  std::erase_if(out.shown,
                [&](const DagRow& row) { return !passes(search, call, reader, shapes, row); });
  sort(out.shown, search, reader);
  out.total = static_cast<std::int64_t>(out.shown.size());
  out.shown = one_page(out.shown, search.page);
  return out;
}

void refuse_too_many(const CallPtr& call, std::int64_t found) {
  call->answer(refuse(422, "too_many",
                      fmt::format("a filter or an order by runs, import errors or versions is looked up for "
                                  "each DAG; {} DAGs are left by the others, {} at most can be",
                                  found, limits::dags_read),
                      "name fewer with dag_id_pattern, tags, owners or paused"));
}

}  // namespace

bool DagSearch::reads_each() const {
  return broken || !bundle_version.empty() || last_state || run || !order_by.empty();
}

std::expected<DagSearch, Problem> dag_search_of(const Call& call) {
  const auto page = page_of(call);
  if (!page) return std::unexpected(page.error());
  DagSearch search;
  search.page = *page;
  search.bundle_version = call.query_value("bundle_version").value_or("");
  if (auto ok = read_flags(call, search); !ok) return std::unexpected(std::move(ok.error()));
  read_labels(call, search.wish);
  read_names(call, search.wish);
  const std::string_view bundle = call.query_value("bundle_name").value_or("");
  if (!bundle.empty() && bundle != "dags") search.nothing = true;
  if (auto ok = read_run_wishes(call, search); !ok) return std::unexpected(std::move(ok.error()));
  if (auto ok = refuse_filters(call, {"timetable_type"}, "is not a filter here"); !ok)
    return std::unexpected(std::move(ok.error()));
  if (auto ok = read_order(search); !ok) return std::unexpected(std::move(ok.error()));
  const bool each = search.reads_each();
  search.wish.limit = each ? limits::dags_read : static_cast<std::size_t>(page->limit);
  search.wish.offset = each ? 0 : static_cast<std::size_t>(page->offset);
  return search;
}

void find_dags(const CallPtr& call, DagSearch search, std::function<void(StoreReader&, FoundDags)> then) {
  call->backend().ask([call, search = std::move(search), then = std::move(then)](const Scheduler& scheduler,
                                                                                 Now) {
    std::vector<std::string> dag_ids;
    const DagPage seen = search.nothing ? DagPage{} : scheduler.dags(search.wish);
    for (const DagSeen& one : seen.dags) dag_ids.push_back(one.row->dag_id);
    if (search.reads_each() && seen.total > static_cast<std::int64_t>(limits::dags_read))
      return refuse_too_many(call, seen.total);
    call->services->readers.post_on([call, search, then, dag_ids, total = seen.total](StoreReader& reader) {
      try {
        const Narrowed narrowed(reader, call->who);
        then(reader, read_rows(*call, reader, search, dag_ids, total));
      } catch (const std::exception& e) {
        call->answer(std::unexpected(internal_problem(e.what())));
      }
    });
  });
}

}  // namespace millrace
