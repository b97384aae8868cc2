import { useState } from "react";

import { slotCells } from "@/model/capacity";
import { count } from "@/model/time";
import { IconButton } from "@/ui/controls";

import css from "./capacity.module.css";
import type { Pool } from "./live";
import { PoolDialog } from "./pool_dialog";

function inWords(pool: Pool): string {
  const starting = pool.occupied_slots - pool.running_slots;
  return [
    `${count(pool.running_slots)} of ${count(pool.slots)} slots used`, starting > 0 && `${count(starting)} taken by what starts`,
    pool.scheduled_slots > 0 && `${count(pool.scheduled_slots)} waited for`,
  ].filter(Boolean).join(", ");
}

function Row({ pool, onEdit }: { pool: Pool; onEdit: (() => void) | null }) {
  return (
    <li className={css.pool}>
      <span className="strong ellipsis" title={pool.description ? `${pool.name}: ${pool.description}` : pool.name}>{pool.name}</span>
      <span className={css.slots} role="img" aria-label={inWords(pool)}>
        {slotCells(pool).map((cell, index) => <i key={index} data-cell={cell} />)}
      </span>
      <span className={css.used} aria-hidden>
        <b>{count(pool.occupied_slots)}</b><span className="dim"> / {count(pool.slots)}</span>
        {pool.scheduled_slots > 0 && <><span className="dim">, </span><b className={css.waiting}>{count(pool.scheduled_slots)}</b></>}
      </span>
      {onEdit && <span className={css.edit}><IconButton icon="edit" size={12} label={`Change pool ${pool.name}`} onClick={onEdit} /></span>}
    </li>
  );
}

/** `may`: change them. */
export function Pools({ pools, may }: { pools: Pool[]; may: boolean }) {
  const [edited, setEdited] = useState<Pool | null>(null);
  return (
    <section className={css.half} aria-label="Pools">
      <header className={css.halfHead}><h2>Pools</h2><span className="space" /><span className="dim small">used / slots, waiting</span></header>
      <div className={css.poolsBody} tabIndex={0} role="region" aria-label="List of pools">
        <ul>{pools.map((pool) => <Row key={pool.name} pool={pool} onEdit={may ? () => setEdited(pool) : null} />)}</ul>
      </div>
      <p className={css.legend}>
        <span className="row gap6"><i data-cell="used" />used</span>
        <span className="row gap6"><i data-cell="starting" />taken by a start</span>
        <span className="row gap6"><i data-cell="free" />free</span>
      </p>
      {edited && <PoolDialog pool={pools.find((pool) => pool.name === edited.name) ?? edited} onClose={() => setEdited(null)} />}
    </section>
  );
}
