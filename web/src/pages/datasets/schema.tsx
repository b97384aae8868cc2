import { schemaChange, schemaWords, type Version } from "@/model/versions";
import { Empty } from "@/ui/notes";
import { Card, CardBody, Tag } from "@/ui/surface";

import css from "./datasets.module.css";

/** The columns of a version, and what is new against the write before it. */
export function SchemaCard({ version, before }: { version: Version; before: Version | null }) {
  const change = before && schemaChange(before.columns, version.columns);
  const words = change && schemaWords(change);
  const added = new Set(change?.added.map((column) => column.name));
  const retyped = new Map(change?.retyped.map((column) => [column.name, column.from]));
  return (
    <Card
      title="Schema"
      about={<span className="dim">of v{version.id}, from the file's own footer</span>}
      tools={before && <span className="dim nowrap">{words ? `changed since v${before.id}` : `as in v${before.id}`}</span>}
      className={css.fill!}
    >
      {version.columns ? (
        <CardBody label="Columns">
          <table className="list">
            <thead><tr><th className="right">#</th><th>Column</th><th>Type</th><th>Change</th></tr></thead>
            <tbody>
              {version.columns.map((column, index) => (
                <tr key={column.name}>
                  <td className={`right dim ${css.number}`}>{index + 1}</td>
                  <td className="strong">{column.name}</td>
                  <td className="mono mid">{column.type}</td>
                  <td>{added.has(column.name) ? <Tag>new</Tag> : retyped.has(column.name) ? <Tag>was {retyped.get(column.name)}</Tag> : <span className="dim">{before ? "same" : "–"}</span>}</td>
                </tr>
              ))}
              {change?.removed.map((column) => (
                <tr key={`- ${column.name}`}><td className={`right dim ${css.number}`}>–</td><td className="dim"><s>{column.name}</s></td><td className="mono dim">{column.type}</td><td><Tag>gone</Tag></td></tr>
              ))}
            </tbody>
          </table>
        </CardBody>
      ) : <Empty title="Columns are known of Parquet alone: other formats don't say theirs." />}
    </Card>
  );
}
