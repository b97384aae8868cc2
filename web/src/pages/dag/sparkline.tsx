/** A line through the values that there are. */
export function Sparkline({ values, mark, label, width = 192, height = 30 }: { values: readonly (number | null)[]; mark?: number; label: string; width?: number; height?: number }) {
  const known = values.filter((value) => value !== null);
  const most = Math.max(...known);
  const least = Math.min(...known) * 0.9;
  const x = (index: number) => (values.length < 2 ? 0 : (index * width) / (values.length - 1));
  const y = (value: number) => height - 1 - ((value - least) / (most - least || 1)) * (height - 3);
  const line = values.flatMap((value, index) => (value === null ? [] : [`${x(index).toFixed(1)} ${y(value).toFixed(1)}`])).join("L");
  const marked = mark === undefined ? null : values[mark];
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <path d={`M${line}`} fill="none" stroke="var(--ink-2)" strokeWidth="1.4" strokeLinejoin="round" />
      {marked !== null && marked !== undefined && <circle cx={x(mark!)} cy={y(marked)} r="2.4" fill="var(--ink)" />}
    </svg>
  );
}
