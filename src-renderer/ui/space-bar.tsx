import { uiTexts } from '../texts/ui.ts';
import { formatBytes, formatPercent } from './format.ts';
import classes from './space-bar.module.css';

/** How full something is: a bar, and the numbers. Bytes. */
export function SpaceBar({ label, free, total }: { label: string; free: number; total: number }) {
  const used = total > 0 ? Math.min(1, Math.max(0, (total - free) / total)) : 0;
  const tone = used >= 0.95 ? 'bad' : used >= 0.85 ? 'warn' : 'good';
  const text = uiTexts.space(formatBytes(free), formatBytes(total));
  return (
    <div className={classes.space}>
      {/* biome-ignore lint/a11y/useSemanticElements: the browser's own meter cannot have our colours */}
      <div
        className={classes.bar}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(used * 100)}
        aria-valuetext={`${text}, ${uiTexts.spaceUsed(formatPercent(used))}`}
      >
        <div className={classes.used} data-tone={tone} style={{ width: `${used * 100}%` }} />
      </div>
      <span className={`tabular ${classes.text}`}>
        {text}
        {tone === 'good' ? null : <strong> {uiTexts.spaceTight}</strong>}
      </span>
    </div>
  );
}
