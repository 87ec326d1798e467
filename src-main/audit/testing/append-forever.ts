/** The process that the crash test kills: opens the store, appends without end, and says the id of each entry that is durable. */
import { writeSync } from 'node:fs';
import { systemClock } from '../../domain/clock.ts';
import { openStore } from '../../store/store.ts';
import { createAudit } from '../audit.ts';

const store = await openStore(process.argv[2]!);
const audit = createAudit({ activity: store.activity, clock: systemClock });
const worker = async (name: string) => {
  for (let number = 0; ; number++) {
    const after = { number, password: 'planted-S3cret', text: 'x'.repeat(number % 2000) };
    const { id } = await audit.record({ action: 'test.append', subjectKind: 'worker', subjectId: name, after, outcome: 'succeeded' });
    writeSync(1, `${id}\n`);
  }
};
await Promise.all(['a', 'b', 'c'].map(worker));
