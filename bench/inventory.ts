import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { connectVsphere } from '../src-main/providers/vsphere/connect-vsphere.ts';
import { median } from './measure.ts';

/** Seconds to list 5,000 machines of the lab, which runs in a process of its own, as a real server does. */
export async function inventoryTime(rounds: number): Promise<number> {
  const program = `import { startLabVcenter } from ${JSON.stringify(new URL('../lab/vcenter/lab-vcenter.ts', import.meta.url).href)};
    const { url, username, password, thumbprint } = await startLabVcenter({ seed: 5, generate: 5000 });
    console.log(JSON.stringify({ url, username, password, thumbprint }));
    process.stdin.on('end', () => process.exit()).resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const info = JSON.parse(line) as Record<'url' | 'username' | 'password' | 'thumbprint', string>;
    await using source = await connectVsphere({ ...info, password: async () => info.password });
    const times: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const began = performance.now();
      const machines = await source.inventory();
      if (machines.length !== 5000) throw new Error(`The lab has 5000 machines; ${machines.length} were listed.`);
      // The first one warms both sides up.
      if (round > 0) times.push((performance.now() - began) / 1000);
    }
    return median(times);
  } finally {
    child.kill();
  }
}
