import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

// The journeys run where nothing but this machine can be reached (scripts/e2e.mjs). What wants to go elsewhere fails there, perhaps unseen: so
// it is counted here.

/** How often anything wanted to reach an address that there is no way to. Linux: /proc/net/snmp. */
function attempts(): number {
  const [names, values] = readFileSync('/proc/self/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Ip: '))
    .map((line) => line.split(' '));
  return Number(values?.[names?.indexOf('OutNoRoutes') ?? -1]);
}

/** The name in a question to a name server (RFC 1035, 4.1.2). */
function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; question[at]; at += 1 + question[at]!) labels.push(question.toString('latin1', at + 1, at + 1 + question[at]!));
  return labels.join('.');
}

/** Before the first journey. What it answers runs after the last. */
export default async function setUp(): Promise<() => void> {
  if (process.env.OCTOPUS_E2E_ALONE !== 'yes') return () => undefined;
  const asked = new Set<string>();
  const server = createSocket('udp4').on('message', (question, { address, port }) => {
    asked.add(nameIn(question));
    const answer = Buffer.from(question);
    // An answer, recursion available: there is no such name.
    answer.writeUInt16BE(0x8183, 2);
    server.send(answer, port, address);
  });
  server.bind(53, '127.0.0.1');
  await once(server, 'listening');
  const before = attempts();
  return () => {
    server.close();
    const more = attempts() - before;
    if (asked.size + more === 0) return;
    throw new Error(`Octopus, or what it runs in, wanted to leave this machine: ${[...asked].join(', ')}; ${more} packets to addresses.`);
  };
}
