import { type Field, whereTheyPart } from "@/model/compare";
import { Segments } from "@/ui/controls";
import { Empty } from "@/ui/notes";
import { Card, CardBody, Tag } from "@/ui/surface";
import { useParam } from "@/ui/url";

import css from "./compare.module.css";

const ROOM = 28;

function Row({ field }: { field: Field }) {
  const [a, b] = field.differs ? whereTheyPart(field.a, field.b, ROOM) : [field.a, field.b];
  const other = field.a === field.b ? `other: ${b}` : b;
  return (
    <tr data-differs={field.differs}>
      <th scope="row"><span className="ellipsis" title={field.label}>{field.label}</span></th>
      <td className={field.differs ? undefined : "dim"}><span className={css.value} title={field.a}>{a}</span></td>
      <td className={field.differs ? css.other : "dim"}>
        <span className={css.value} title={field.b}>{field.differs ? other : "same"}</span>
        {field.note && <span className={css.note}>{field.note}</span>}
      </td>
    </tr>
  );
}

/** Only what differs; all of it for who wants to be sure. */
export function FieldsCard({ fields }: { fields: readonly Field[] }) {
  const [shown, setShown] = useParam("fields", "differences");
  const differing = fields.filter((field) => field.differs);
  const rows = shown === "everything" ? fields : differing;
  return (
    <Card
      title="What differs"
      about={<Tag>{differing.length} of {fields.length}</Tag>}
      tools={<Segments label="Fields" value={shown} options={[{ value: "differences", label: "Differences" }, { value: "everything", label: "Everything" }]} onChange={setShown} />}
      className={css.card!}
    >
      {rows.length ? (
        <CardBody label="What differs">
          <table className={css.fields}>
            <thead><tr><th scope="col">Field</th><th scope="col">A</th><th scope="col">B</th></tr></thead>
            <tbody>{rows.map((field) => <Row key={field.key} field={field} />)}</tbody>
          </table>
        </CardBody>
      ) : <Empty title="Nothing differs in what they were given and what they made." />}
    </Card>
  );
}
