import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { type ReactNode, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { type Box, inOrder, type LineageGraph, lineageGraph, waysThrough } from "@/model/lineage";
import { pathOf, placeLineage } from "@/model/lineage_layout";
import { runPath } from "@/model/run_address";
import { count, executionDate } from "@/model/time";
import { Button, Segments } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { Icon } from "@/ui/icon";
import { useNarrow } from "@/ui/narrow";
import { Shown } from "@/ui/notes";
import { Card, CardBody, Tag } from "@/ui/surface";
import { at, link, useParam } from "@/ui/url";
import { useWidth } from "@/ui/use_width";

import css from "./lineage.module.css";
import { useKnownDatasets } from "./parts";

const STEPS = { "1": 1, "2": 2, all: 20 } as const;
type Steps = keyof typeof STEPS;
const NEAR = 5; // a step is two or three links of the API's: dataset, DAG, task, dataset
const MOST_LINKS = 20;
const STATES_ASKED = 24; // of DAGs, the nearest ones: each is a question of its own

interface Facts {
  /** The second line of a dataset's box. */
  about: Map<string, string>;
  /** The state of each DAG's newest run. */
  states: Map<string, string>;
}

/** What is known of the datasets and DAGs in the picture besides their names. */
function useFacts(graph: LineageGraph | null): Facts {
  const datasets = useKnownDatasets();
  const dags = useMemo(() => {
    const near = [...(graph?.boxes ?? [])].filter((box) => box.kind === "work").sort((a, b) => Math.abs(a.layer) - Math.abs(b.layer));
    return [...new Set(near.map((box) => box.label))].slice(0, STATES_ASKED);
  }, [graph]);
  const runs = useQueries({
    queries: dags.map((dagId) => ({ ...read("/api/v2/dags/{dag_id}/dagRuns", { path: { dag_id: dagId }, query: { limit: 1, order_by: "-id" } }), staleTime: 5_000 })),
  });
  const about = new Map<string, string>();
  for (const { name, newest_version: newest, timezone } of datasets ?? []) {
    about.set(name, newest ? `v${newest.id} · ${executionDate(newest.partition, timezone ?? "UTC")}` : "never written");
  }
  const states = new Map<string, string>();
  runs.forEach(({ data }, index) => {
    const state = data?.dag_runs[0]?.state;
    if (state) states.set(dags[index]!, state);
  });
  return { about, states };
}

function datasetHref(box: Box, search: Record<string, string | null>): string {
  return link(at("datasets", box.label), { ...search, v: box.versions[0]?.number ?? null });
}

function workHref(box: Box): string {
  return box.runs.length === 1 ? runPath(box.label, box.runs[0]!.runId) : at("dags", box.label);
}

/** What a box says below its name. As of a version: which versions. */
function second(box: Box, facts: Facts, zone: string): string {
  const [only] = box.versions;
  if (box.versions.length > 1) return `${count(box.versions.length)} versions`;
  if (only) return `v${only.number} · ${executionDate(only.partition, zone)}`;
  return facts.about.get(box.label) ?? "";
}

function stateOf(box: Box, facts: Facts): string | null {
  if (!box.runs.length) return facts.states.get(box.label) ?? null;
  return box.runs.find((run) => run.outcome !== "success")?.outcome ?? "success";
}

/** What the list says of a box, and a screen reader of the picture's. */
function inWords(box: Box): string {
  if (box.kind === "dataset") return "";
  const tasks = box.tasks.length ? `${box.tasks.length === 1 ? "task" : "tasks"} ${box.tasks.join(", ")}` : "";
  const runs = box.runs.length > 1 ? `${count(box.runs.length)} runs` : "";
  return [tasks, runs, box.starts ? "started by the dataset" : ""].filter(Boolean).join(" · ");
}

interface ViewProps {
  graph: LineageGraph;
  facts: Facts;
  zone: string;
  search: Record<string, string | null>;
  onMore: () => void;
}

/** Lines are SVG, boxes are links: names are text of the page, and a keyboard gets to each. */
function Picture({ graph, facts, zone, search, onMore }: ViewProps) {
  const [outer, width] = useWidth<HTMLDivElement>();
  const picture = useMemo(() => placeLineage(graph, width), [graph, width]);
  const [pointed, setPointed] = useState<number | null>(null);
  const lit = useMemo(() => (pointed === null || pointed >= graph.boxes.length ? null : waysThrough(graph, pointed)), [graph, pointed]);
  const pale = (...boxes: number[]) => lit !== null && !boxes.every((each) => lit.has(each));
  const order = inOrder(graph);
  const scroller = useRef<HTMLDivElement>(null);
  const root = picture.places[graph.boxes.findIndex((box) => box.layer === 0)];
  const middle = root ? root.x + root.width / 2 : 0;
  useLayoutEffect(() => {
    // What doesn't fit is looked at from the dataset on: both sides of it are in sight.
    if (scroller.current) scroller.current.scrollLeft = middle - scroller.current.clientWidth / 2;
  }, [middle, width]);
  return (
    <CardBody label="Lineage as a picture" className={css.picture!} ref={scroller}>
      <div ref={outer} className={css.room} data-left={graph.boxes.some((box) => box.more > 0 && box.layer < 0)} data-right={graph.boxes.some((box) => box.more > 0 && box.layer >= 0)}>
        {width > 0 && (
          <div className={css.sheet} style={{ width: picture.width, height: picture.height }}>
            <svg width={picture.width} height={picture.height} className={css.lines} aria-hidden>
              {picture.lines.map((line) => (
                <path key={`${line.from} ${line.to}`} d={pathOf(line)} data-back={line.back} data-lit={lit !== null && !pale(line.from, line.to)} data-pale={pale(line.from, line.to)} />
              ))}
            </svg>
            {order.map((box) => {
              const index = graph.boxes.indexOf(box);
              const place = picture.places[index]!;
              const touch = { onPointerEnter: () => setPointed(index), onPointerLeave: () => setPointed(null), onFocus: () => setPointed(index), onBlur: () => setPointed(null) };
              const style = { left: place.x, top: place.y, width: place.width, height: place.height };
              return (
                <div key={box.id} className={css.spot} style={style} data-pale={pale(index)} {...touch}>
                  {box.kind === "dataset"
                    ? <Dataset box={box} about={second(box, facts, zone)} search={search} />
                    : <Work box={box} state={stateOf(box, facts)} />}
                  {box.more > 0 && (
                    <button type="button" className={css.more} data-side={box.layer < 0 ? "left" : "right"} onClick={onMore} aria-label={`${box.label} goes on: ${box.more} more. Show more steps`} title="Show more steps">+{box.more}</button>
                  )}
                </div>
              );
            })}
          </div>
        )}
      </div>
    </CardBody>
  );
}

function Dataset({ box, about, search }: { box: Box; about: string; search: Record<string, string | null> }) {
  const inside = (
    <>
      <Icon name="datasets" />
      <span className={css.two}><b className="ellipsis">{box.label}</b>{about && <small className="ellipsis">{about}</small>}</span>
    </>
  );
  return box.layer === 0
    ? <span className={css.dataset} data-here title={box.label}>{inside}</span>
    : <Link href={datasetHref(box, search)} className={css.dataset} title={box.label}>{inside}</Link>;
}

function Work({ box, state }: { box: Box; state: string | null }) {
  const words = inWords(box);
  return (
    <Link href={workHref(box)} className={css.work} title={words ? `${box.label}: ${words}` : box.label}>
      <Glyph state={state} size={13} />
      <span className="ellipsis">{box.label}</span>
      {box.runs.length > 1 && <small className="dim">×{count(box.runs.length)}</small>}
      <span className="hidden">{words}</span>
    </Link>
  );
}

/** The same, for who doesn't see lines, and for a phone. */
function List({ graph, facts, zone, search }: ViewProps) {
  const place = (box: Box): string => {
    if (box.layer === 0) return "this dataset";
    const steps = Math.ceil(Math.abs(box.layer) / 2);
    return `${steps} ${steps === 1 ? "step" : "steps"} ${box.layer < 0 ? "before" : "after"}`;
  };
  return (
    <CardBody label="Lineage as a list" className={css.listBody!}>
      <table className="list">
        <thead><tr><th>What</th><th>Where</th><th className={css.wide}>How</th></tr></thead>
        <tbody>
          {inOrder(graph).map((box) => (
            <tr key={box.id} aria-current={box.layer === 0 || undefined}>
              <td>
                <span className="row gap8">
                  {box.kind === "dataset" ? <span className="dim"><Icon name="datasets" size={14} /></span> : <Glyph state={stateOf(box, facts)} size={13} />}
                  {box.layer === 0
                    ? <b className="strong ellipsis">{box.label}</b>
                    : <Link href={box.kind === "dataset" ? datasetHref(box, search) : workHref(box)} className={`ellipsis ${css.cell} ${box.kind === "dataset" ? "strong" : "mid"}`}>{box.label}</Link>}
                </span>
              </td>
              <td className="mid">{place(box)}</td>
              <td className={`dim ${css.wide}`}>{[box.kind === "dataset" ? second(box, facts, zone) : inWords(box), box.more ? `${box.more} more beyond` : ""].filter(Boolean).join(" · ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </CardBody>
  );
}

interface Props {
  name: string;
  /** The number of a version: what it was made of and who read it, as recorded. null: as the DAGs are now. */
  version: number | null;
  /** The version in words. */
  asOf: ReactNode;
  zone: string;
  onLatest: () => void;
}

export function LineageCard({ name, version, asOf, zone, onLatest }: Props) {
  const phone = useNarrow();
  const [asked, setSteps] = useParam("depth", "1");
  const [view, setView] = useParam("view", phone ? "list" : "picture");
  const steps: Steps = asked in STEPS ? (asked as Steps) : "1";
  const query = useQuery({
    ...read("/api/v2/lineage", {
      query: { node: version === null ? `dataset:${name}` : `dataset:${name}@${version}`, depth: steps === "all" ? MOST_LINKS : STEPS[steps] * 3 + NEAR - 3, direction: "both" },
    }),
    placeholderData: keepPreviousData,
  });
  const graph = useMemo(() => (query.data ? lineageGraph(query.data, STEPS[steps]) : null), [query.data, steps]);
  const facts = useFacts(graph);
  const search = { depth: asked === "1" ? null : asked, view: view === (phone ? "list" : "picture") ? null : view };
  return (
    <Card
      title="Lineage"
      className={css.card!}
      about={
        <>
          <Segments label="Steps shown" value={steps} options={[{ value: "1", label: "1 step" }, { value: "2", label: "2 steps" }, { value: "all", label: "All" }]} onChange={setSteps} />
          <Segments label="Drawn as" value={view === "list" ? "list" : "picture"} options={[{ value: "picture", label: "Picture" }, { value: "list", label: "List" }]} onChange={setView} />
        </>
      }
      tools={version === null
        ? <span className="dim nowrap">as the DAGs are now</span>
        : <><span className="dim">as of</span><Tag>{asOf}</Tag><Button small look="ghost" onClick={onLatest}>Latest</Button></>}
      foot={query.data?.truncated && <span>More than {count(query.data.nodes.length)} things: the nearest are shown.</span>}
    >
      <Shown query={query} what="The lineage can't be read" lines={6}>
        {() => graph && (view === "list"
          ? <List graph={graph} facts={facts} zone={zone} search={search} onMore={() => {}} />
          : <Picture graph={graph} facts={facts} zone={zone} search={search} onMore={() => setSteps(steps === "1" ? "2" : "all")} />)}
      </Shown>
    </Card>
  );
}
