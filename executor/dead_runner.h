#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "executor/messages.h"
#include "executor/orphan.h"

namespace millrace {

/// What the journal of a dead runner knows of one attempt.
struct JournalEntry {
  std::string name;
  std::optional<StartFacts> start;
  std::optional<ExitFacts> exit;
};

/// Unacknowledged attempts of a journal, and whose it is. A torn or damaged tail is left out.
struct JournalContents {
  JournalOpening opening;
  std::map<AttemptId, JournalEntry> attempts;
};
JournalContents read_journal(const std::filesystem::path& file);

/// The estate of a runner that has died: ended attempts that nobody has acknowledged, living ones that are
/// watched to their end. When all are acknowledged, its folder goes.
class DeadRunner {
 public:
  struct Reports {
    std::function<void(AttemptId, StartFacts)> started;
    std::function<void(AttemptId, ExitFacts)> finished;
  };

  DeadRunner(boost::asio::io_context&, std::filesystem::path folder, Reports);

  std::vector<AttemptId> attempts() const;
  /// Reports what is certain at once (`say_started` false: without the starts) and watches the rest.
  void settle(bool say_started);
  void report_again(AttemptId);
  void kill(AttemptId);
  void acknowledge(AttemptId);
  bool empty() const { return contents_.attempts.empty(); }
  /// Once it is empty.
  void remove_folder();

 private:
  void settle_one(AttemptId, JournalEntry&);
  void lose(AttemptId, std::string why);

  boost::asio::io_context& io_;
  std::filesystem::path folder_;
  Reports reports_;
  JournalContents contents_;
  std::map<AttemptId, std::unique_ptr<Orphan>> orphans_;
};

}  // namespace millrace
