/** How own snapshots are called; the sweep recognises them by it, and all others are foreign. */
export const snapshotPrefix = 'octopus-';
