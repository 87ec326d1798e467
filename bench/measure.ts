import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Measured {
  /** Seconds from the start of the process to its end. */
  seconds: number;
  /** Most memory it ever held, in bytes: VmHWM, which the kernel keeps. */
  peak: number;
}

/** Milliseconds between two looks at a process's memory. */
const LOOK = 10;

/** Runs a program to its end; anything but status 0 is an error. */
export function measure(program: string, args: string[]): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    let peak = 0;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const looking = setInterval(() => (peak = Math.max(peak, peakOf(child.pid as number))), LOOK);
    child.on('error', reject);
    child.on('exit', (status) => {
      const seconds = (performance.now() - began) / 1000;
      clearInterval(looking);
      if (status === 0) resolve({ seconds, peak });
      else reject(new Error(`${program} ${args.join(' ')} ended with ${status}: ${said}`));
    });
  });
}

export function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0; // It has ended.
  }
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
