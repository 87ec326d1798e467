import { readFileSync } from 'node:fs';

/** How often anything in this network namespace wanted to reach an address that there is no way to. Linux: /proc/net/snmp. */
function attempts(): number {
  const [names, values] = readFileSync('/proc/self/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Ip: '))
    .map((line) => line.split(' '));
  return Number(values?.[names?.indexOf('OutNoRoutes') ?? -1]);
}

/** Before the first journey. What it answers runs after the last. */
export default function setUp(): () => void {
  if (process.env.OCTOPUS_E2E_ALONE !== 'yes') return () => undefined;
  const before = attempts();
  return () => {
    const more = attempts() - before;
    if (more !== 0) throw new Error(`${more} packets were meant for another machine: Octopus, or what it runs in, reached out.`);
  };
}
