import { VisuallyHidden } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { type PointerEvent, useId, useMemo, useState } from 'react';
import { usageTexts as texts } from '../../texts/graphics.ts';
import { type Bar, barsOf, sumOf, topOf, type UsageDay } from './bars.ts';
import { dayText } from './days.ts';
import classes from './usage-bars.module.css';

export interface UsageBarsProps {
  /** Oldest first, none left out. */
  days: readonly UsageDay[];
  /** CSS pixels of the bars alone. */
  height?: number;
}

/** What was moved and what was saved, a bar a day. */
export function UsageBars({ days, height = 72 }: UsageBarsProps) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const hatch = useId();
  const [hovered, setHovered] = useState<number>();
  const top = useMemo(() => topOf(days), [days]);
  const bars = useMemo(() => barsOf(days, top, width, height), [days, top, width, height]);
  const sum = useMemo(() => sumOf(days), [days]);
  const day = hovered === undefined ? undefined : days[hovered];
  const first = days[0];
  const last = days.at(-1);
  const onPointerMove = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setHovered(Math.max(0, Math.min(days.length - 1, Math.floor(((event.clientX - box.left) / box.width) * days.length))));
  };
  return (
    <div className={classes.root}>
      <div className={classes.legend} aria-hidden="true">
        <Entry word={texts.moved} amount={texts.amount(day?.moved ?? sum.moved)} hatch={undefined} />
        <Entry word={texts.saved} amount={texts.amount(day?.saved ?? sum.saved)} hatch={hatch} />
      </div>
      <div ref={ref} className={classes.area} style={{ height }}>
        {width > 0 && (
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={texts.summary(days.length, sum.moved, sum.saved)}
            onPointerMove={onPointerMove}
            onPointerLeave={() => setHovered(undefined)}
          >
            <HatchPattern id={hatch} />
            <line className={classes.grid} x1={0} x2={width} y1={0.5} y2={0.5} />
            <line className={classes.grid} x1={0} x2={width} y1={Math.round(height / 2) + 0.5} y2={Math.round(height / 2) + 0.5} />
            <line className={classes.base} x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} />
            {bars.map((bar, index) => (
              <DayBar key={bar.day.day} {...bar} hatch={hatch} hovered={index === hovered} />
            ))}
          </svg>
        )}
        {top > 0 && <span className={classes.top}>{texts.amount(top)}</span>}
        {top === 0 && <span className={classes.none}>{texts.none}</span>}
      </div>
      <div className={classes.ends} aria-hidden="true">
        <span>{first && dayText(first.day, 'short')}</span>
        <span>{day ? dayText(day.day, 'long') : texts.caption(days.length)}</span>
        <span>{last && last !== first && dayText(last.day, 'short')}</span>
      </div>
      <VisuallyHidden>
        <table>
          <caption>{texts.caption(days.length)}</caption>
          <thead>
            <tr>
              <th scope="col">{texts.day}</th>
              <th scope="col">{texts.moved}</th>
              <th scope="col">{texts.saved}</th>
            </tr>
          </thead>
          <tbody>
            {days.map((one) => (
              <tr key={one.day}>
                <th scope="row">{dayText(one.day, 'long')}</th>
                <td>{texts.amount(one.moved)}</td>
                <td>{texts.amount(one.saved)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </div>
  );
}

function DayBar({ x, width, moved, saved, hatch, hovered }: Bar & { hatch: string; hovered: boolean }) {
  return (
    <g className={classes.bar} data-hovered={hovered || undefined}>
      {saved.height > 0 && <rect className={classes.saved} x={x} y={saved.y} width={width} height={saved.height} fill={`url(#${hatch})`} />}
      {moved.height > 0 && <rect className={classes.moved} x={x} y={moved.y} width={width} height={moved.height} />}
    </g>
  );
}

function HatchPattern({ id }: { id: string }) {
  return (
    <defs>
      <pattern id={id} width={4} height={4} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width={4} height={4} className={classes.hatchBack} />
        <rect width={1.5} height={4} className={classes.hatchLine} />
      </pattern>
    </defs>
  );
}

function Entry({ word, amount, hatch }: { word: string; amount: string; hatch: string | undefined }) {
  return (
    <span className={classes.entry}>
      <svg width={10} height={10} aria-hidden="true">
        {hatch ? (
          <rect className={classes.saved} width={10} height={10} fill={`url(#${hatch})`} />
        ) : (
          <rect className={classes.moved} width={10} height={10} />
        )}
      </svg>
      <span>{word}</span>
      <strong>{amount}</strong>
    </span>
  );
}
