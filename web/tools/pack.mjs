// Ends a build of the pages, before its files go into the daemon's binary (cmake/web.cmake):
//   node tools/pack.mjs DIST MANIFEST
// Beside a file come file.gz and file.br where they are smaller; the daemon sends what a browser takes. The
// same files give the same bytes. vite's manifest, for tools/budget.mjs, moves out of what is served.
import { readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [dist, manifest] = process.argv.slice(2);
const compressed = /\.(woff2|png|jpg|webp)$/;
// Served as never changing: another content needs another name.
const hashed = /-[\w-]{8}\.\w+$/;

const codings = {
  gz: (bytes) => gzipSync(bytes, { level: 9 }),
  br: (bytes) =>
    brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
};

renameSync(join(dist, ".vite/manifest.json"), manifest);
rmdirSync(dirname(join(dist, ".vite/manifest.json")));
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const file = join(entry.parentPath, entry.name);
  if (entry.parentPath === join(dist, "assets") && !hashed.test(entry.name)) {
    throw new Error(`${file}: the name of an asset has to hold a hash of its content`);
  }
  if (compressed.test(entry.name)) continue;
  const bytes = readFileSync(file);
  for (const [ending, compress] of Object.entries(codings)) {
    const smaller = compress(bytes);
    if (smaller.length < bytes.length) writeFileSync(`${file}.${ending}`, smaller);
  }
}
