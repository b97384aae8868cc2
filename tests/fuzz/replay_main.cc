// Stands in for libFuzzer in an ordinary build: one execution for each file of the folders and files named,
// and for its beginnings up to a kilobyte. So `make test` holds the claims on all that fuzzing has found.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "input.h"

namespace {

std::size_t replay(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  std::size_t executions = 0;
  const auto run = [&](std::size_t size) {
    const std::vector<char> exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(exact.data()), size);
    ++executions;
  };
  run(bytes.size());
  for (std::size_t size = 0; size < std::min<std::size_t>(bytes.size(), 1'024); size += 7) run(size);
  return executions;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t files = 0, executions = 0;
  for (int i = 1; i < argc; ++i) {
    std::vector<std::filesystem::path> found;
    if (std::filesystem::is_directory(argv[i])) {
      for (const auto& one : std::filesystem::recursive_directory_iterator(argv[i]))
        if (one.is_regular_file()) found.push_back(one.path());
    } else {
      found.emplace_back(argv[i]);
    }
    std::sort(found.begin(), found.end());
    for (const auto& file : found) {
      std::fprintf(stderr, "%s\n", file.c_str());  // the last one named is the one that broke a claim
      executions += replay(file);
      ++files;
    }
  }
  std::printf("%zu files, %zu executions\n", files, executions);
  return files == 0 ? 1 : 0;
}
