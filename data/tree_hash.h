#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/blake3_hash.h"

namespace millrace {

/// One file of a version. `path` is relative to the folder; empty for a version that is a single file.
struct HashedFile {
  std::string path;
  std::int64_t bytes = 0;
  Blake3Digest digest{};
};

/// What a file or folder holds (docs/dataset-versions.md): names, sizes and contents; not times, owners,
/// modes or empty folders.
struct TreeHash {
  std::string hash;  ///< `b3:` and 64 hex digits
  std::int64_t bytes = 0;
  std::vector<HashedFile> files;  ///< by path, compared as bytes
};

/// Hashes with up to `threads` threads over the files. `invalid`: nothing is there, or something that is
/// neither a file nor a folder is in it, or a file changed meanwhile; with its path.
Result<TreeHash> hash_tree(const std::filesystem::path&, int threads);

/// The version of these files, sorted here; `hash` alone is filled in from what each entry has.
std::string version_of(std::vector<HashedFile>& files, bool is_folder);

}  // namespace millrace
