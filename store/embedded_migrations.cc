#include "store/migrations.h"

// The linker takes the files as they are: no generated code, no file to find at run time.
#define EMBED(number, name)                                    \
  asm(".section .rodata\n"                                     \
      ".global millrace_migration_" #number                    \
      "\n"                                                     \
      ".global millrace_migration_" #number                    \
      "_end\n"                                                 \
      "millrace_migration_" #number                            \
      ":\n"                                                    \
      ".incbin \"" MILLRACE_MIGRATIONS "/" #number "_" #name   \
      ".sql\"\n"                                               \
      "millrace_migration_" #number                            \
      "_end:\n"                                                \
      ".byte 0\n"                                              \
      ".previous\n");                                          \
  extern "C" {                                                 \
  extern const char millrace_migration_##number[];             \
  extern const char millrace_migration_##number##_end[];       \
  }

EMBED(001, initial)
EMBED(002, dataset_events)
EMBED(003, dataset_versions)
EMBED(004, list_indexes)
EMBED(005, views)
EMBED(006, notifications)
EMBED(007, failed_of_run)
EMBED(008, variables)
EMBED(009, cascades)
EMBED(010, access)
EMBED(011, flat_lists)
EMBED(012, event_owner)
EMBED(013, secret_prints)
EMBED(014, flat_totals)

namespace millrace {

std::span<const Migration> embedded_migrations() {
  static const Migration all[] = {
      {1, "initial", {millrace_migration_001, millrace_migration_001_end}},
      {2, "dataset_events", {millrace_migration_002, millrace_migration_002_end}},
      {3, "dataset_versions", {millrace_migration_003, millrace_migration_003_end}},
      {4, "list_indexes", {millrace_migration_004, millrace_migration_004_end}},
      {5, "views", {millrace_migration_005, millrace_migration_005_end}},
      {6, "notifications", {millrace_migration_006, millrace_migration_006_end}},
      {7, "failed_of_run", {millrace_migration_007, millrace_migration_007_end}},
      {8, "variables", {millrace_migration_008, millrace_migration_008_end}},
      {9, "cascades", {millrace_migration_009, millrace_migration_009_end}},
      {10, "access", {millrace_migration_010, millrace_migration_010_end}},
      {11, "flat_lists", {millrace_migration_011, millrace_migration_011_end}},
      {12, "event_owner", {millrace_migration_012, millrace_migration_012_end}},
      {13, "secret_prints", {millrace_migration_013, millrace_migration_013_end}},
      {14, "flat_totals", {millrace_migration_014, millrace_migration_014_end}},
  };
  return all;
}

}  // namespace millrace
