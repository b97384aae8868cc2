import { ABSENT, type GridModel, type GridRun, STATE_BITS } from "./grid";
import { STATES, urgencyOf } from "./states";

// Which rows and columns of the grid are shown: groups open or closed, a filter by name, runs by state and type.

export type GridRow =
  | { kind: "task"; id: string; task: number; grouped: boolean }
  | { kind: "group"; id: string; tasks: readonly number[]; open: boolean };

/** Names a row for good: a group may be called like a task. */
export function rowKey(row: GridRow): string {
  return row.kind === "group" ? `group:${row.id}` : row.id;
}

/** Whether every word of the filter is in the task's name or its group's. */
export function matches(filter: string, ...names: (string | null)[]): boolean {
  const text = names.join(" ").toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** Rows in the daemon's order; a group's tasks stand together where its first one is. A filter opens the groups it finds. */
export function rowsOf(model: GridModel, closed: ReadonlySet<string>, filter = ""): GridRow[] {
  const groups = new Map<string, number[]>();
  const order: (number | string)[] = [];
  model.tasks.forEach((task, index) => {
    if (filter && !matches(filter, task.id, task.group)) return;
    if (task.group === null) {
      order.push(index);
      return;
    }
    const members = groups.get(task.group);
    if (members) members.push(index);
    else {
      groups.set(task.group, [index]);
      order.push(task.group);
    }
  });
  return order.flatMap((entry): GridRow[] => {
    if (typeof entry === "number") return [{ kind: "task", id: model.tasks[entry]!.id, task: entry, grouped: false }];
    const tasks = groups.get(entry)!;
    const open = filter !== "" || !closed.has(entry);
    const head: GridRow = { kind: "group", id: entry, tasks, open };
    return open ? [head, ...tasks.map((task): GridRow => ({ kind: "task", id: model.tasks[task]!.id, task, grouped: true }))] : [head];
  });
}

const RANK = Uint8Array.from({ length: 16 }, (_, state) => (STATES[state] ? urgencyOf(STATES[state]) : 0));

/** The cell that speaks for these tasks of a run: the one that needs eyes first, with the marks of all. */
export function groupCell(model: GridModel, tasks: readonly number[], run: number): number {
  const base = run * model.tasks.length;
  let worst = ABSENT;
  let marks = 0;
  for (const task of tasks) {
    const cell = model.cells[base + task]!;
    if (cell & ABSENT) continue;
    marks |= cell & ~STATE_BITS;
    if (worst & ABSENT || RANK[cell & STATE_BITS]! > RANK[worst & STATE_BITS]!) worst = cell;
  }
  return worst & ABSENT ? ABSENT : (worst & STATE_BITS) | marks;
}

/** The cell of a row in a run. */
export function rowCell(model: GridModel, row: GridRow, run: number): number {
  return row.kind === "task" ? model.cells[run * model.tasks.length + row.task]! : groupCell(model, row.tasks, run);
}

export interface RunFilter {
  /** Empty: all. */
  states: readonly string[];
  types: readonly string[];
}

/** The runs that are shown as columns: indexes into `model.runs`, oldest first. */
export function columnsOf(runs: readonly GridRun[], filter: RunFilter): number[] {
  const columns: number[] = [];
  runs.forEach((run, index) => {
    if (filter.states.length && !filter.states.includes(run.state)) return;
    if (filter.types.length && !filter.types.includes(run.run_type)) return;
    columns.push(index);
  });
  return columns;
}

/** Columns before which the DAG's version changed. */
export function versionMarks(runs: readonly GridRun[], columns: readonly number[]): { column: number; version: number }[] {
  const marks: { column: number; version: number }[] = [];
  for (let column = 1; column < columns.length; column += 1) {
    const version = runs[columns[column]!]!.version;
    if (version !== runs[columns[column - 1]!]!.version) marks.push({ column, version });
  }
  return marks;
}

export type Direction = "up" | "down" | "left" | "right";
const STEPS: Record<Direction, [number, number]> = { up: [-1, 0], down: [1, 0], left: [0, -1], right: [0, 1] };

/** From a cell in a direction: the next one, or the next whose state isn't success; the same where there is none. */
export function moveCell(
  model: GridModel, rows: readonly GridRow[], columns: readonly number[], from: { row: number; column: number }, direction: Direction,
  toTrouble = false,
): { row: number; column: number } {
  const [down, right] = STEPS[direction];
  let row = from.row + down;
  let column = from.column + right;
  while (rows[row] !== undefined && columns[column] !== undefined) {
    const cell = rowCell(model, rows[row]!, columns[column]!);
    if (!toTrouble || (!(cell & ABSENT) && STATES[cell & STATE_BITS] !== "success")) return { row, column };
    row += down;
    column += right;
  }
  return from;
}
