#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/secret_mask.h"
#include "base/thread_annotations.h"
#include "dags/dag.h"
#include "daemon/paths.h"
#include "store/store.h"

namespace millrace {

/// The values of DAGs' secrets, read when an attempt starts and kept nowhere, and what masks them afterwards.
/// All but mask_of(): loop thread.
class Secrets {
 public:
  /// With the key of the data folder, made when there is none yet. Refused: prints that no key goes with any
  /// more, since what they mask would show.
  static Result<std::unique_ptr<Secrets>> open(const Paths&, std::vector<SecretPrintRow> known);

  using Environment = std::vector<std::pair<std::string, std::string>>;
  /// The variables of a DAG's secrets, from now on masked in what its tasks write. Or why the attempt can't
  /// start: which secret, and where it should have come from.
  Result<Environment> values(const Dag&);
  /// Masks a value that came another way from now on; one that is too short to be masked is let be.
  void watch_for(std::string_view dag_id, std::string_view name, std::string_view value);

  /// What a commit has to store before the value may be used.
  const std::vector<SecretPrintRow>& unstored() const { return unstored_; }
  void stored() { unstored_.clear(); }

  /// Null: nothing of that DAG is secret. Any thread.
  std::shared_ptr<const SecretMask> mask_of(std::string_view dag_id) const;

 private:
  Secrets(std::shared_ptr<const SecretKey>, std::vector<SecretPrintRow> known);
  bool add(std::string_view dag_id, std::string_view name, const std::vector<std::string>& spellings);

  std::shared_ptr<const SecretKey> key_;                                       // shared with the masks
  std::map<std::string, std::map<std::string, SecretPrint>, std::less<>> known_;  // by DAG and digest
  std::vector<SecretPrintRow> unstored_;
  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<const SecretMask>, std::less<>> masks_ GUARDED_BY(mutex_);
};

}  // namespace millrace
