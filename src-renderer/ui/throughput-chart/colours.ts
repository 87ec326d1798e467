/** The chart is drawn on a canvas, which knows no style sheet. */
export const chartColours = {
  light: { line: '#0f766e', fill: 'rgba(15, 118, 110, 0.14)', grid: '#e9ecef', text: '#5c636a', back: 'rgba(106, 90, 205, 0.16)' },
  dark: { line: '#4fd1c0', fill: 'rgba(79, 209, 192, 0.16)', grid: '#3a3a3a', text: '#a6a6a6', back: 'rgba(169, 156, 245, 0.2)' },
} as const;
