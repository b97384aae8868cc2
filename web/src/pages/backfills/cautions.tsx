import { Link } from "wouter";

import { type Caution, cautionsOf, type CautionsOf } from "@/model/backfill_plan";
import { Icon } from "@/ui/icon";
import { Card, Tag } from "@/ui/surface";

import css from "./new.module.css";

function Row({ caution }: { caution: Caution }) {
  const { icon, tone, who, text, fate, backfill } = caution;
  return (
    <tr>
      <td className={css[`tone_${tone}`]}><Icon name={icon} size={15} /></td>
      <td className="strong">{who}</td>
      <td className="mid">{text}{backfill !== undefined && <> <Link href={`/backfills/${backfill}`} style={{ textDecoration: "underline" }}>Look at it</Link></>}</td>
      <td className="right dim">{fate}</td>
    </tr>
  );
}

/** What one would regret not to have seen. */
export function Cautions(props: CautionsOf) {
  const found = cautionsOf(props);
  return (
    <Card title="Worth a look before you start" about={<Tag>{found.length}</Tag>}>
      <div className={css.cautions} tabIndex={0} role="region" aria-label="Worth a look">
        {found.length
          ? <table className="list"><tbody>{found.map((caution) => <Row key={`${caution.who} ${caution.text}`} caution={caution} />)}</tbody></table>
          : <p className="mid" style={{ padding: "10px 14px" }}>Nothing unusual: every date has its 24 hours, no run is active and no other backfill has any of these dates.</p>}
      </div>
    </Card>
  );
}
