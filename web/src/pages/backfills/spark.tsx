/** Values in a row as a thin line on their area; which number is which says the text beside it. */
export function Spark({ values, width = 126, height = 26 }: { values: readonly number[]; width?: number; height?: number }) {
  // More points than pixels: the highest of each few.
  const every = Math.ceil(values.length / width);
  const shown = every > 1 ? Array.from({ length: Math.ceil(values.length / every) }, (_, index) => Math.max(...values.slice(index * every, (index + 1) * every))) : values;
  const top = Math.max(...shown) * 1.12 || 1;
  const x = (index: number) => (index / Math.max(1, shown.length - 1)) * (width - 2) + 1;
  const y = (value: number) => height - 2 - (value / top) * (height - 4);
  const line = shown.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return (
    <svg width="100%" height={height} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden>
      <polygon points={`1,${height} ${line} ${width - 1},${height}`} fill="var(--ink-3)" opacity=".14" />
      <polyline points={line} fill="none" stroke="var(--ink-3)" strokeWidth="1.3" strokeLinejoin="round" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
