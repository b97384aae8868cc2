#include "executor/fd_watch.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

namespace millrace {

namespace asio = boost::asio;

struct FdWatch::Descriptor {
  Descriptor(asio::io_context& io, int fd) : stream(io, fd) {}
  asio::posix::stream_descriptor stream;
  bool open = true;
};

namespace {

template <class Shared>
auto if_open(Shared shared, std::function<void()> call) {
  return [shared = std::move(shared), call = std::move(call)](const boost::system::error_code& error) {
    if (!error && shared->open) call();
  };
}

}  // namespace

FdWatch::FdWatch(asio::io_context& io, int fd) : descriptor_(std::make_shared<Descriptor>(io, fd)) {}

FdWatch::~FdWatch() {
  descriptor_->open = false;
  boost::system::error_code ignored;
  descriptor_->stream.close(ignored);
}

int FdWatch::fd() const { return descriptor_->stream.native_handle(); }

void FdWatch::when_readable(std::function<void()> call) {
  descriptor_->stream.async_wait(asio::posix::stream_descriptor::wait_read,
                                 if_open(descriptor_, std::move(call)));
}

void FdWatch::when_writable(std::function<void()> call) {
  descriptor_->stream.async_wait(asio::posix::stream_descriptor::wait_write,
                                 if_open(descriptor_, std::move(call)));
}

struct Delay::Timer {
  explicit Timer(asio::io_context& io) : timer(io) {}
  asio::steady_timer timer;
  bool open = true;
};

Delay::Delay(asio::io_context& io, Duration after, std::function<void()> call)
    : timer_(std::make_shared<Timer>(io)) {
  timer_->timer.expires_after(after);
  timer_->timer.async_wait(if_open(timer_, std::move(call)));
}

Delay::~Delay() {
  timer_->open = false;
  timer_->timer.cancel();
}

void post_to(asio::io_context& io, std::function<void()> call) { asio::post(io, std::move(call)); }

}  // namespace millrace
