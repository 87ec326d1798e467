import { localizedFault } from '../soap/encode.ts';
import { type DataObject, ManagedRef } from '../soap/value.ts';
import type { LabTask, World } from '../world/types.ts';
import type { PropertyTable } from './managed-view.ts';
import { entityRef, snapshotRef } from './refs.ts';

const date = (time: number | undefined) => (time === undefined ? undefined : new Date(time));

export function taskProperties(world: World, task: LabTask, userName: string): PropertyTable {
  return { info: () => taskInfo(world, task, userName) };
}

function taskInfo(world: World, task: LabTask, userName: string): DataObject {
  const info: DataObject = {
    key: task.ref,
    task: new ManagedRef('Task', task.ref),
    name: task.name,
    descriptionId: task.descriptionId,
    entity: entityRef(world, task.entity),
    entityName: task.entityName,
    state: task.state,
    cancelled: false,
    cancelable: false,
    reason: { $type: 'TaskReasonUser', userName },
    queueTime: new Date(task.queueTime),
    startTime: date(task.startTime),
    completeTime: date(task.completeTime),
    eventChainId: Number(task.ref.replace(/\D/g, '')) % 2 ** 31,
  };
  if (task.state === 'running') info.progress = Math.floor(task.progress);
  if (task.error !== undefined) info.error = localizedFault(task.error);
  if (task.result !== undefined) info.result = snapshotRef(task.result);
  return info;
}
