#include "api/open_streams.h"

#include <vector>

#include "api/access.h"

namespace millrace {

/// Passes everything on and keeps the list.
class OpenStreams::Guarded final : public StreamSource {
 public:
  Guarded(OpenStreams& streams, const Principal& who, std::shared_ptr<StreamSource> inner)
      : streams_(streams), token_id_(who.token_id), session_id_(who.session_id), inner_(std::move(inner)) {}

  void opened(std::shared_ptr<StreamOut> out) override {
    {
      const MutexLock lock(streams_.mutex_);
      at_ = streams_.open_.insert(streams_.open_.end(), {token_id_, session_id_, out});
      listed_ = true;
    }
    inner_->opened(std::move(out));
  }
  void drained() override { inner_->drained(); }
  void closed() override {
    if (listed_) {
      const MutexLock lock(streams_.mutex_);
      streams_.open_.erase(at_);
      listed_ = false;
    }
    inner_->closed();
  }

 private:
  OpenStreams& streams_;
  std::string token_id_, session_id_;
  std::shared_ptr<StreamSource> inner_;
  std::list<Open>::iterator at_;
  bool listed_ = false;
};

std::shared_ptr<StreamSource> OpenStreams::guard(const Principal& who, std::shared_ptr<StreamSource> stream) {
  return std::make_shared<Guarded>(*this, who, std::move(stream));
}

void OpenStreams::end_dead(Access& access, WallTime now) {
  std::vector<std::shared_ptr<StreamOut>> dead;
  {
    const MutexLock lock(mutex_);
    for (const Open& open : open_) {
      if (!access.lives(open.token_id, open.session_id, now)) dead.push_back(open.out);
    }
  }
  for (const auto& out : dead) out->finish(piece_of(": who opened this may not any more\n\n"), true);
}

}  // namespace millrace
