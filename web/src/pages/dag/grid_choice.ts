import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSearch } from "wouter";

import type { GridModel, GridRun } from "@/model/grid";
import { dateName, parseRunName, pickRun, rangeOf } from "@/model/run_address";
import { executionDate } from "@/model/time";
import { setQuery } from "@/ui/url";

// What is chosen, in the address: `?run=2013-06-11&task=load&map=3`. Grid, graph and inspector show the same.

export interface Choice {
  /** Index of the run, or -1. */
  run: number;
  task: string | null;
  map: number | null;
}

/** How a run is called in the address: its date, with its time where it isn't midnight, or its id where that isn't one instant. */
export function runName(run: GridRun, zone: string): string {
  const date = dateName(run.execution_date, zone);
  if (date) return date;
  const name = executionDate(run.execution_date, zone).replace(" ", "T");
  const exact = rangeOf(parseRunName(name), zone)?.exact ?? [];
  return exact.length === 1 && exact[0] === Date.parse(run.execution_date) ? name : run.run_id;
}

export function findRun(model: GridModel, name: string, zone: string): number {
  const byId = model.runIndex.get(name);
  if (byId !== undefined) return byId;
  const range = rangeOf(parseRunName(name), zone);
  if (!range) return -1;
  const run = pickRun(model.runs.filter(({ execution_date: date }) => Date.parse(date) >= range.from && Date.parse(date) < range.to), range);
  return run ? model.runs.indexOf(run) : -1;
}

const WRITTEN_AFTER_MS = 150;

interface Names {
  run: string | null;
  task: string | null;
  map: number | null;
}

export interface Chosen extends Choice {
  /** The run that the address asks for and that isn't among those shown. */
  missing: string | null;
  choose: (changes: { run?: number; task?: string | null; map?: number | null }) => void;
}

/**
 * Without a run in the address the newest of the columns is chosen. Arrow keys move faster than a browser takes addresses: they are
 * written when the reader rests.
 */
export function useChoice(model: GridModel, columns: readonly number[], zone: string): Chosen {
  const search = useSearch();
  const asked = useMemo((): Names => {
    const found = new URLSearchParams(search);
    const map = found.get("map");
    return { run: found.get("run"), task: found.get("task"), map: map === null ? null : Number(map) };
  }, [search]);
  const [ahead, setAhead] = useState<Names | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const names = ahead ?? asked;
  const found = useMemo(() => (names.run === null ? -1 : findRun(model, names.run, zone)), [model, names.run, zone]);
  const current = useRef({ model, zone, names });
  useEffect(() => {
    current.current = { model, zone, names };
  });
  const choose = useCallback<Chosen["choose"]>((changes) => {
    const { model: shown, zone: of, names: before } = current.current;
    const task = changes.task === undefined ? before.task : changes.task;
    const next: Names = {
      run: changes.run === undefined ? before.run : shown.runs[changes.run] ? runName(shown.runs[changes.run]!, of) : null,
      task,
      map: changes.map !== undefined ? changes.map : task === before.task && changes.run === undefined ? before.map : null,
    };
    current.current.names = next;
    setAhead(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setQuery({ run: next.run, task: next.task, map: next.map });
      setAhead(null);
    }, WRITTEN_AFTER_MS);
  }, []);
  return {
    run: names.run === null ? (columns.at(-1) ?? -1) : found,
    task: names.task,
    map: names.map,
    missing: names.run !== null && found < 0 ? names.run : null,
    choose,
  };
}
