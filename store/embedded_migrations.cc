#include "store/migrations.h"

// The linker takes the files as they are: no generated code, no file to find at run time.
asm(R"(
  .section .rodata
  .global millrace_migration_001
  .global millrace_migration_001_end
millrace_migration_001:
  .incbin ")" MILLRACE_MIGRATIONS R"(/001_initial.sql"
millrace_migration_001_end:
  .byte 0
  .global millrace_migration_002
  .global millrace_migration_002_end
millrace_migration_002:
  .incbin ")" MILLRACE_MIGRATIONS R"(/002_dataset_events.sql"
millrace_migration_002_end:
  .byte 0
  .previous
)");

extern "C" {
extern const char millrace_migration_001[];
extern const char millrace_migration_001_end[];
extern const char millrace_migration_002[];
extern const char millrace_migration_002_end[];
}

namespace millrace {

std::span<const Migration> embedded_migrations() {
  static const Migration all[] = {
      {1, "initial", {millrace_migration_001, millrace_migration_001_end}},
      {2, "dataset_events", {millrace_migration_002, millrace_migration_002_end}},
  };
  return all;
}

}  // namespace millrace
