import { useSyncExternalStore } from 'react';
import uPlot from 'uplot';

/** The pixel ratio that the chart library draws with. It notices a change (zoom, another screen) itself, and says so, but keeps its charts as they are. */
export function useChartRatio(): number {
  return useSyncExternalStore(subscribe, read, () => 1);
}

const read = () => uPlot.pxRatio;

function subscribe(changed: () => void): () => void {
  window.addEventListener('dppxchange', changed);
  return () => window.removeEventListener('dppxchange', changed);
}
