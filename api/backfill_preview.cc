#include "api/backfill_preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <numeric>

#include "base/sha256.h"
#include "scheduler/backfill_plan.h"

namespace millrace {
namespace {

using Does = BackfillPreview::Action;
constexpr std::string_view letters = "crsab";
constexpr std::size_t letters_kept = 4'000;  // a revision is sent in a body and pasted into a terminal

/// The dates of another backfill that is active, with the versions that say them.
struct Taken {
  BackfillId id;
  std::shared_ptr<const Dag> dag, grid;
  BackfillDates dates;
};

std::vector<Taken> taken_dates(const std::string& dag_id, const Call& call, StoreReader& reader) {
  std::vector<Taken> out;
  for (const BackfillRow& row : reader.about_backfills().active(dag_id)) {
    const auto dag = call.backend().dag_version(row.dag_version);
    const auto grid = row.dates_version ? call.backend().dag_version(row.dates_version) : dag;
    if (dag && grid) out.push_back({row.id, dag, grid, BackfillDates(*grid, *dag, row.spec)});
  }
  return out;
}

/// Takes dates in order and keeps sums and spans.
class Sums {
 public:
  explicit Sums(BackfillPreview::Part& part) : part_(part) {}
  void add(WallTime date, Does action, const std::string& reason) {
    ++part_.totals[static_cast<std::size_t>(action)];
    const char letter = letters[static_cast<std::size_t>(action)];
    if (letter != letter_) flush();
    letter_ = letter;
    ++repeated_;
    if (part_.spans.empty() || part_.spans.back().action != action || part_.spans.back().reason != reason) {
      full_ = full_ || part_.spans.size() == BackfillPreview::spans_kept;
      if (!full_) part_.spans.push_back({date, date, 0, action, reason});
    }
    if (full_) return;
    BackfillPreview::Span& span = part_.spans.back();
    span.from = std::min(span.from, date);
    span.to = std::max(span.to, date);
    ++span.count;
  }
  void flush() {
    if (repeated_ > 0) part_.letters += fmt::format("{}{}", letter_, repeated_);
    repeated_ = 0;
  }

 private:
  BackfillPreview::Part& part_;
  char letter_ = '\0';
  std::int64_t repeated_ = 0;
  bool full_ = false;
};

/// Dates of one part of the cascade: which are renewed, which are there.
struct Node {
  BackfillDates dates;
  std::vector<WallTime> renewed, there;  // ascending
};

bool any_in(const std::vector<WallTime>& dates, WallTime from, WallTime to) {
  const auto at = std::ranges::lower_bound(dates, from);
  return at != dates.end() && *at <= to;
}

const DatedRun* run_at(const std::vector<DatedRun>& runs, WallTime date) {
  const auto at = std::ranges::lower_bound(runs, date, {}, &DatedRun::execution_date);
  return at != runs.end() && at->execution_date == date ? &*at : nullptr;
}

std::vector<DatedRun> runs_of(const BackfillDates& dates, const std::string& dag_id, StoreReader& reader) {
  const auto first = dates.earliest(), last = dates.latest();
  if (!first || !last) return {};
  return reader.about_backfills().dated_runs(dag_id, *first, *last);
}

BackfillPreview::Date planned(const BackfillSpec& spec, WallTime date, const std::vector<Taken>& taken,
                              const DatedRun* existing) {
  for (const Taken& other : taken)
    if (other.dates.contains(date))
      return {date, Does::blocked, fmt::format("backfill {} has it", other.id.value), other.id, {}};
  std::optional<RunRow> row;
  if (existing) {
    row.emplace();
    row->state = existing->state;
  }
  PlannedDate plan = plan_date(spec, date, row);
  switch (plan.action) {
    case PlannedDate::Action::create:
      return {date, Does::create, std::move(plan.reason), {}, {}};
    case PlannedDate::Action::rerun:
      return {date, Does::rerun, std::move(plan.reason), {}, {}};
    case PlannedDate::Action::skip:
      return {date, Does::skip, std::move(plan.reason), {}, {}};
    case PlannedDate::Action::active:
      break;
  }
  return {date, Does::running, std::move(plan.reason), {}, existing ? existing->id : RunId{}};
}

/// As the scheduler will decide once all that is renewed has succeeded.
BackfillPreview::Date followed(const CascadeStep& step, const std::vector<Node>& nodes, WallTime date,
                               const std::vector<Taken>& taken, const DatedRun* existing) {
  for (const Taken& other : taken)
    if (other.dates.contains(date))
      return {date, Does::blocked, fmt::format("backfill {} has it", other.id.value), other.id, {}};
  bool renewed = false, own = false;
  const Dag& reader = *step.of.dag;
  const WallTime last = last_read(reader, date);
  for (const CascadeStep::Source& source : step.sources) {
    const Node& from = nodes[source.step];
    renewed = renewed || any_in(from.renewed, first_read(reader, date, source.window_days), last);
    own = own || any_in(from.there, first_own(reader, date, source.window_days), last);
  }
  if (!renewed) return {date, Does::skip, "nothing it reads would be renewed", {}, {}};
  if (!existing && !own)
    return {date, Does::skip, "no run yet, and its own date isn't in this backfill", {}, {}};
  if (!existing) return {date, Does::create, "what it reads is renewed", {}, {}};
  if (is_final(existing->state)) return {date, Does::rerun, "what it reads is renewed", {}, {}};
  return {date, Does::running, "a run is active; it runs again when that ends", {}, existing->id};
}

void note(Node& node, const BackfillPreview::Date& one, const DatedRun* existing) {
  const bool runs = one.action == Does::create || one.action == Does::rerun;
  if (runs) node.renewed.push_back(one.execution_date);
  if (runs || (existing && existing->state == RunState::success)) node.there.push_back(one.execution_date);
}

std::string digest_of(const BackfillSpec& s) {
  std::string text = fmt::format(
      "{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", s.dag_id, s.from_date ? s.from_date->us : 0,
      s.to_date ? s.to_date->us : 0, to_word(s.reprocess), s.max_active_runs, s.run_backwards,
      s.include_upstream, s.include_downstream, s.params, s.latest_version, s.pool, s.priority, s.cascade);
  for (const WallTime date : s.dates) text += fmt::format("|{}", date.us);
  for (const std::string& task : s.task_ids) text += "|" + task;
  return sha256_hex(text).substr(0, 12);
}

/// `<request>.<version>.<everything>.<letters>`; letters are `-` when they are too long.
std::string revision_of(const BackfillWish& wish, const BackfillPreview& made) {
  std::string all = made.own.letters;
  for (const BackfillPreview::Part& part : made.cascade)
    all += fmt::format("|{}|{}|{}", part.dag_id, part.version.value, part.letters);
  return fmt::format("{}.{}.{}.{}", digest_of(wish.spec), wish.version.value, sha256_hex(all).substr(0, 16),
                     made.own.letters.size() <= letters_kept ? made.own.letters : "-");
}

std::string unpacked(std::string_view packed) {
  std::string out;
  while (!packed.empty()) {
    const char letter = packed[0];
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(packed.data() + 1, packed.data() + packed.size(), count);
    if (error != std::errc{} || letters.find(letter) == std::string_view::npos || count < 1 ||
        count > 10'000'000 || out.size() > 10'000'000)
      return {};
    out.append(static_cast<std::size_t>(count), letter);
    packed.remove_prefix(static_cast<std::size_t>(end - packed.data()));
  }
  return out;
}

std::string word_of_letter(char letter) {
  return std::string(to_word(static_cast<Does>(letters.find(letter))));
}

/// The dates whose action is another one now; spans say which dates there are only roughly, so they are
/// counted through.
void name_changes(const std::string& was, const std::string& is, const BackfillPreview& now,
                  Problem& problem) {
  constexpr std::size_t named = 20;
  std::size_t changed = 0;
  for (std::size_t i = 0; i < std::min(was.size(), is.size()); ++i) {
    if (was[i] == is[i] || changed++ >= named) continue;
    FieldError error;
    error.loc = {"body", "revision"};
    error.msg =
        fmt::format("{}: was {}, is {}",
                    i < now.page.size() ? to_iso(now.page[i].execution_date) : fmt::format("date {}", i + 1),
                    word_of_letter(was[i]), word_of_letter(is[i]));
    if (i < now.page.size()) error.msg += " (" + now.page[i].reason + ")";
    problem.errors.push_back(std::move(error));
  }
  if (changed > 0) problem.detail += fmt::format(": {} dates would be treated otherwise", changed);
}

}  // namespace

std::string_view to_word(BackfillPreview::Action action) {
  switch (action) {
    case BackfillPreview::Action::create:
      return "create";
    case BackfillPreview::Action::rerun:
      return "rerun";
    case BackfillPreview::Action::skip:
      return "skip";
    case BackfillPreview::Action::running:
      return "running";
    case BackfillPreview::Action::blocked:
      return "blocked";
  }
  return "skip";
}

std::int64_t BackfillPreview::Part::count() const {
  return std::accumulate(totals.begin(), totals.end(), std::int64_t{0});
}

BackfillPreview preview(const BackfillWish& wish, const CascadePlan& plan, const Call& call,
                        StoreReader& reader, const Page& page) {
  BackfillPreview out;
  std::vector<Node> nodes;
  nodes.push_back({BackfillDates(*wish.grid, *wish.dag, wish.spec), {}, {}});
  out.own.dag_id = wish.spec.dag_id;
  out.own.version = wish.version;
  const std::vector<Taken> taken = taken_dates(wish.spec.dag_id, call, reader);
  const std::vector<DatedRun> runs = runs_of(nodes[0].dates, wish.spec.dag_id, reader);
  Sums sums(out.own);
  std::int64_t index = 0;
  for (auto date = nodes[0].dates.first(); date; date = nodes[0].dates.after(*date), ++index) {
    const DatedRun* existing = run_at(runs, *date);
    BackfillPreview::Date one = planned(wish.spec, *date, taken, existing);
    sums.add(*date, one.action, one.reason);
    note(nodes[0], one, existing);
    if (index >= page.offset && index < std::int64_t{page.offset} + page.limit)
      out.page.push_back(std::move(one));
  }
  sums.flush();
  for (const CascadeStep& step : plan.steps) {
    // The lists of sources are searched: ascending, also for a backfill that goes backwards.
    if (wish.spec.run_backwards) {
      std::ranges::sort(nodes.back().renewed);
      std::ranges::sort(nodes.back().there);
    }
    Node node{BackfillDates(*step.grid.dag, *step.of.dag, step.spec), {}, {}};
    BackfillPreview::Part& part = out.cascade.emplace_back();
    part.dag_id = step.spec.dag_id;
    part.version = step.of.version;
    const std::vector<Taken> others = taken_dates(part.dag_id, call, reader);
    const std::vector<DatedRun> here = runs_of(node.dates, part.dag_id, reader);
    Sums of_part(part);
    for (auto date = node.dates.first(); date; date = node.dates.after(*date)) {
      const DatedRun* existing = run_at(here, *date);
      const BackfillPreview::Date one = followed(step, nodes, *date, others, existing);
      of_part.add(*date, one.action, one.reason);
      note(node, one, existing);
    }
    of_part.flush();
    nodes.push_back(std::move(node));
  }
  out.revision = revision_of(wish, out);
  return out;
}

std::optional<Problem> moved_since(const std::string& revision, const BackfillPreview& now) {
  if (revision == now.revision) return {};
  std::vector<std::string> was, is;
  for (const auto& [text, parts] : {std::pair{&revision, &was}, std::pair{&now.revision, &is}}) {
    std::size_t at = 0;
    for (std::size_t dot; (dot = text->find('.', at)) != std::string::npos; at = dot + 1)
      parts->push_back(text->substr(at, dot - at));
    parts->push_back(text->substr(at));
  }
  Problem problem;
  problem.status = 409;
  problem.code = "moved";
  problem.hint = "look at the dry run again and start with its revision";
  if (was.size() != 4 || was[0] != is[0]) {
    problem.detail = "the revision is that of a dry run of another request";
    return problem;
  }
  problem.detail = "the world has moved since the dry run";
  if (was[1] != is[1]) problem.detail += ": the DAG has another version";
  name_changes(unpacked(was[3]), unpacked(is[3]), now, problem);
  if (problem.errors.empty() && was[1] == is[1])
    problem.detail += was[3] == is[3] && is[3] != "-" ? ": the cascade would treat its dates otherwise"
                                                      : ": its dates would be treated otherwise";
  return problem;
}

}  // namespace millrace
