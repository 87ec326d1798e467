import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type LabVcenter, type LabVcenterOptions, startLabVcenter } from './lab-vcenter.ts';
import { child, children, RawClient, viewSpec } from './testing/raw-client.ts';
import { manualClock } from './world/clock.ts';

const MiB = 2 ** 20;
const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** A lab and a client that has logged in. */
async function lab(options: LabVcenterOptions = {}): Promise<{ lab: LabVcenter; client: RawClient; vm: string }> {
  const started = await startLabVcenter({
    taskMs: 0,
    machines: [{ name: 'web', disks: [{ size: 4 * MiB, fill: 1 }] }],
    ...options,
  });
  const client = new RawClient(started);
  open.push(started, { [Symbol.asyncDispose]: async () => client[Symbol.dispose]() });
  expect((await client.login()).fault).toBeUndefined();
  return { lab: started, client, vm: `VirtualMachine:${started.world.machineByName('web')!.ref}` };
}

const snapshotArguments = (name: string) => `<name>${name}</name><memory>false</memory><quiesce>false</quiesce>`;

it('closes although somebody connected and said nothing', async () => {
  const { lab: started } = await lab();
  const silent = connect(Number(new URL(started.url).port), '127.0.0.1');
  silent.resume();
  await once(silent, 'connect');
  await Promise.all([started.close(), once(silent, 'close')]);
});

describe('a session', () => {
  it('shows who it is before the login, and nothing else', async () => {
    const { lab: started } = await lab();
    using stranger = new RawClient(started);
    const content = await stranger.call('RetrieveServiceContent', 'ServiceInstance:ServiceInstance');
    expect(child(child(content.element, 'returnval')!, 'rootFolder')!.text).toBe(started.world.rootFolder);
    expect((await stranger.properties('SessionManager:SessionManager', ['currentSession'])).size).toBe(0);
    const denied = await stranger.call('CurrentTime', 'ServiceInstance:ServiceInstance');
    expect([denied.status, denied.fault]).toEqual([500, 'NotAuthenticated']);
    await expect(stranger.properties(`Folder:${started.world.rootFolder}`, ['name'])).rejects.toThrow('NotAuthenticated');
  });

  it('refuses a wrong password and sets no cookie', async () => {
    const { lab: started } = await lab();
    using stranger = new RawClient(started);
    const answer = await stranger.login('wrong');
    expect([answer.status, answer.fault, stranger.cookie]).toEqual([500, 'InvalidLogin', undefined]);
  });

  it('has a quoted cookie, and ends by logout', async () => {
    const { client } = await lab();
    expect(client.cookie).toMatch(/^vmware_soap_session="[0-9a-f]+"$/);
    expect((await client.properties('SessionManager:SessionManager', ['currentSession'])).size).toBe(1);
    await client.call('Logout', 'SessionManager:SessionManager');
    expect((await client.call('CurrentTime', 'ServiceInstance:ServiceInstance')).fault).toBe('NotAuthenticated');
  });

  it('expires when idle, and not while it is used', async () => {
    const clock = manualClock();
    const { client } = await lab({ clock, sessionTtlMs: 60_000 });
    for (let round = 0; round < 3; round++) {
      clock.advance(50_000);
      expect((await client.call('CurrentTime', 'ServiceInstance:ServiceInstance')).fault).toBeUndefined();
    }
    clock.advance(60_000);
    expect((await client.call('CurrentTime', 'ServiceInstance:ServiceInstance')).fault).toBe('NotAuthenticated');
    expect((await client.http('GET', '/folder/?dcPath=x')).status).toBe(401);
    await client.login();
    expect((await client.call('CurrentTime', 'ServiceInstance:ServiceInstance')).fault).toBeUndefined();
  });

  it('ends under a waiting call too', async () => {
    const { lab: started, client } = await lab();
    const waiting = client.call('WaitForUpdatesEx', 'PropertyCollector:propertyCollector', '<version></version>');
    await client.properties(`Folder:${started.world.rootFolder}`, ['name']);
    started.endSessions();
    expect((await waiting).fault).toBe('RequestCanceled');
  });
});

describe('calls', () => {
  it('are refused out of schema order, as HTTP 500 with a typed fault', async () => {
    const { client, vm } = await lab();
    const answer = await client.call('CreateSnapshot_Task', vm, '<memory>false</memory><name>a</name><quiesce>false</quiesce>');
    expect([answer.status, answer.fault]).toEqual([500, 'InvalidRequest']);
    expect(answer.text).toContain('<InvalidRequestFault xmlns="urn:vim25" xsi:type="InvalidRequest">');
  });

  it('know what does not exist', async () => {
    const { client } = await lab();
    expect((await client.call('PowerOnVM_Task', 'VirtualMachine:vm-999')).fault).toBe('ManagedObjectNotFound');
    await expect(client.properties('VirtualMachine:vm-999', ['name'])).rejects.toThrow('ManagedObjectNotFound');
    await expect(client.properties('VirtualMachine:vm-999', ['config.colour'])).rejects.toThrow('InvalidProperty');
  });

  it('answer the version that a SOAPAction asks for, or refuse it', async () => {
    const { client } = await lab();
    const answer = await client.http('POST', '/sdk', { SOAPAction: 'urn:other/1' }, '<a/>');
    expect([answer.status, answer.body.toString().includes('Unsupported version URI')]).toEqual([500, true]);
  });

  it('need privileges', async () => {
    const { lab: started, client, vm } = await lab({ deniedPrivileges: ['VirtualMachine.State.CreateSnapshot'] });
    const answer = await client.call('CreateSnapshot_Task', vm, snapshotArguments('a'));
    expect([answer.fault, child(answer.element, 'privilegeId')!.text]).toEqual(['NoPermission', 'VirtualMachine.State.CreateSnapshot']);
    const session = (await client.properties('SessionManager:SessionManager', ['currentSession'])).get('currentSession')!;
    const asked = await client.call(
      'HasPrivilegeOnEntities',
      'AuthorizationManager:AuthorizationManager',
      `<entity type="VirtualMachine">${started.world.machineByName('web')!.ref}</entity><sessionId>${child(session, 'key')!.text}</sessionId>` +
        '<privId>VirtualMachine.State.CreateSnapshot</privId><privId>VirtualMachine.Interact.PowerOn</privId>',
    );
    const granted = children(child(asked.element, 'returnval')!, 'privAvailability').map((one) => child(one, 'isGranted')!.text);
    expect(granted).toEqual(['false', 'true']);
  });
});

describe('a machine', () => {
  it('is tracked after a stun cycle, and its pages cover the disk', async () => {
    const { lab: started, client, vm } = await lab({ pageSize: 2 });
    const machine = started.world.machineByName('web')!;
    expect(await client.task('ReconfigVM_Task', vm, '<spec><changeTrackingEnabled>true</changeTrackingEnabled></spec>')).toEqual({});
    const settled = async (ref: string) => {
      await client.task('RemoveSnapshot_Task', `VirtualMachineSnapshot:${ref}`, '<removeChildren>false</removeChildren>');
      while (machine.consolidationNeeded) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    await settled((await client.task('CreateSnapshot_Task', vm, snapshotArguments('stun'))).result!);
    const first = await client.task('CreateSnapshot_Task', vm, snapshotArguments('one'));
    const changeIdOf = async (ref: string) => {
      const device = (await client.properties(`VirtualMachineSnapshot:${ref}`, ['config.hardware.device'])).get('config.hardware.device')!;
      const disk = device.children.find((one) => one.type?.local === 'VirtualDisk')!;
      return child(child(disk, 'backing')!, 'changeId')!.text;
    };
    const baseline = await changeIdOf(first.result!);
    await settled(first.result!);
    const writes = [0, 1.5 * MiB, 2.5 * MiB, 3.5 * MiB];
    for (const offset of writes) machine.disks[0]!.write(offset, Buffer.alloc(512, 7));
    const second = await client.task('CreateSnapshot_Task', vm, snapshotArguments('two'));
    const areas: number[] = [];
    let at = 0;
    while (at < 4 * MiB) {
      const answer = await client.call(
        'QueryChangedDiskAreas',
        vm,
        `<snapshot type="VirtualMachineSnapshot">${second.result}</snapshot><deviceKey>2000</deviceKey><startOffset>${at}</startOffset><changeId>${baseline}</changeId>`,
      );
      expect(answer.fault).toBeUndefined();
      const page = child(answer.element, 'returnval')!;
      expect(Number(child(page, 'startOffset')!.text)).toBe(at);
      expect(children(page, 'changedArea').length).toBeLessThanOrEqual(2);
      for (const area of children(page, 'changedArea')) areas.push(Number(child(area, 'start')!.text));
      at += Number(child(page, 'length')!.text);
    }
    expect(areas).toHaveLength(writes.length);
    const beyond = `<snapshot type="VirtualMachineSnapshot">${second.result}</snapshot><deviceKey>2000</deviceKey><startOffset>${4 * MiB}</startOffset><changeId>${baseline}</changeId>`;
    expect((await client.call('QueryChangedDiskAreas', vm, beyond)).status).toBe(500);
  });

  it('ends tasks in faults', async () => {
    const { client, vm } = await lab();
    expect(await client.task('PowerOnVM_Task', vm)).toEqual({ fault: 'InvalidPowerState' });
    expect(await client.task('PowerOffVM_Task', vm)).toEqual({});
    expect((await client.call('ShutdownGuest', vm)).fault).toMatch(/ToolsUnavailable|InvalidPowerState/);
  });

  it('grows a disk and takes another name, and refuses what the lab does not model', async () => {
    const { lab: started, client, vm } = await lab();
    const edit = (type: string) =>
      `<spec><deviceChange><operation>edit</operation><device${type}><key>2000</key><capacityInKB>8192</capacityInKB></device></deviceChange></spec>`;
    expect(await client.task('ReconfigVM_Task', vm, edit(' xsi:type="VirtualDisk"'))).toEqual({});
    expect(await client.task('ReconfigVM_Task', vm, edit(''))).toEqual({ fault: 'InvalidRequest' });
    expect(started.world.machineByName('web')!.disks[0]!.capacity).toBe(8 * MiB);
    expect(await client.task('ReconfigVM_Task', vm, '<spec><name>a/b</name></spec>')).toEqual({});
    expect((await client.properties(vm, ['name'])).get('name')!.text).toBe('a%2fb');
    expect(await client.task('ReconfigVM_Task', vm, '<spec><numCPUs>4</numCPUs></spec>')).toEqual({ fault: 'NotSupported' });
    expect(await client.task('ReconfigVM_Task', vm, '<spec><changeVersion>old</changeVersion><name>c</name></spec>')).toEqual({
      fault: 'ConcurrentAccess',
    });
  });

  it('is found by its uuid and its path', async () => {
    const { lab: started, client } = await lab();
    const machine = started.world.machineByName('web')!;
    const byUuid = `<uuid>${machine.instanceUuid}</uuid><vmSearch>true</vmSearch><instanceUuid>true</instanceUuid>`;
    const found = await client.call('FindByUuid', 'SearchIndex:SearchIndex', byUuid);
    expect(child(found.element, 'returnval')!.text).toBe(machine.ref);
    const datacenter = started.world.datacenter.name;
    const byPath = await client.call(
      'FindByInventoryPath',
      'SearchIndex:SearchIndex',
      `<inventoryPath>/${datacenter}/vm/web</inventoryPath>`,
    );
    expect(child(byPath.element, 'returnval')!.text).toBe(machine.ref);
    const missing = await client.call('FindByInventoryPath', 'SearchIndex:SearchIndex', '<inventoryPath>nowhere</inventoryPath>');
    expect([missing.status, child(missing.element, 'returnval')]).toEqual([200, undefined]);
  });
});

describe('the property collector', () => {
  const paths = [
    'name parent config.uuid config.instanceUuid config.firmware config.guestId config.guestFullName config.version',
    'config.hardware.numCPU config.hardware.memoryMB config.hardware.device config.changeTrackingEnabled config.bootOptions config.template',
    'config.files.vmPathName runtime.powerState runtime.host runtime.consolidationNeeded guest.toolsStatus guest.toolsRunningStatus',
    'summary.config.name snapshot datastore network resourcePool tag',
  ]
    .join(' ')
    .split(' ');

  it('answers by pages, each token once', async () => {
    const { client } = await lab({ generate: 24 });
    const view = await client.machinesView();
    const names = new Set<string>();
    let answer = await client.call(
      'RetrievePropertiesEx',
      'PropertyCollector:propertyCollector',
      `${viewSpec('specSet', view, ['name'])}<options><maxObjects>10</maxObjects></options>`,
    );
    const sizes: number[] = [];
    while (true) {
      const page = child(answer.element, 'returnval')!;
      const objects = children(page, 'objects');
      sizes.push(objects.length);
      for (const object of objects) names.add(child(child(object, 'propSet')!, 'val')!.text);
      const token = child(page, 'token')?.text;
      if (token === undefined) break;
      const next = () => client.call('ContinueRetrievePropertiesEx', 'PropertyCollector:propertyCollector', `<token>${token}</token>`);
      answer = await next();
      expect((await next()).fault).toBe('InvalidArgument');
    }
    expect([sizes, names.size]).toEqual([[10, 10, 5], 25]);
  });

  it('lists 5000 machines with 26 properties', async () => {
    const { client } = await lab({ generate: 4999 });
    const view = await client.machinesView();
    const list = async () => {
      let count = 0;
      const spec = `${viewSpec('specSet', view, paths)}<options/>`;
      let body = (await client.http('POST', '/sdk', {}, wrap('RetrievePropertiesEx', spec))).body.toString();
      while (true) {
        count += body.split('<objects>').length - 1;
        const token = /<token>(.*?)<\/token>/.exec(body)?.[1];
        if (token === undefined) return count;
        body = (await client.http('POST', '/sdk', {}, wrap('ContinueRetrievePropertiesEx', `<token>${token}</token>`))).body.toString();
      }
    };
    expect(await list()).toBe(5000);
  });

  it('tells changes as they happen, and again when an answer was lost', async () => {
    const { lab: started, client, vm } = await lab({ generate: 3 });
    const view = await client.machinesView();
    const filter = await client.call(
      'CreateFilter',
      'PropertyCollector:propertyCollector',
      `${viewSpec('spec', view, ['name', 'runtime.powerState'])}<partialUpdates>false</partialUpdates>`,
    );
    expect(filter.fault).toBeUndefined();
    const wait = async (version: string, seconds: number, most = 100) => {
      const answer = await client.call(
        'WaitForUpdatesEx',
        'PropertyCollector:propertyCollector',
        `<version>${version}</version><options><maxWaitSeconds>${seconds}</maxWaitSeconds><maxObjectUpdates>${most}</maxObjectUpdates></options>`,
      );
      if (answer.fault !== undefined) throw new Error(answer.fault);
      const set = child(answer.element, 'returnval');
      if (set === undefined) return undefined;
      const updates = children(set, 'filterSet').flatMap((one) => children(one, 'objectSet'));
      return {
        version: child(set, 'version')!.text,
        truncated: child(set, 'truncated')?.text === 'true',
        updates: updates.map((one) => [
          child(one, 'kind')!.text,
          child(one, 'obj')!.text,
          ...children(one, 'changeSet').map((change) => `${child(change, 'name')!.text}=${child(change, 'val')?.text}`),
        ]),
      };
    };
    const first = (await wait('', 10, 3))!;
    expect([first.updates.length, first.truncated, first.updates[0]![0]]).toEqual([3, true, 'enter']);
    const second = (await wait(first.version, 10, 3))!;
    expect([second.updates.length, second.truncated]).toEqual([1, false]);
    expect(await wait(second.version, 0)).toBeUndefined();
    const ref = vm.split(':')[1];
    const waiting = wait(second.version, 10);
    await client.task('PowerOffVM_Task', vm);
    const third = (await waiting)!;
    expect(third.updates).toEqual([['modify', ref, 'runtime.powerState=poweredOff']]);
    // As if the third answer never came.
    const again = (await wait(second.version, 0))!;
    expect(again.updates).toEqual(third.updates);
    await expect(wait(third.version === again.version ? '99' : third.version, 0)).rejects.toThrow('InvalidCollectorVersion');
    const added = started.world.addMachine({ name: 'late', disks: [{ size: MiB }] });
    expect((await wait(again.version, 10))!.updates).toEqual([['enter', added.ref, 'name=late', 'runtime.powerState=poweredOn']]);
    const current = String(Number(again.version) + 1);
    added.losePower();
    started.world.removeMachine(added.ref);
    expect((await wait(current, 10))!.updates).toEqual([['leave', added.ref]]);
    await client.call('DestroyPropertyFilter', `PropertyFilter:${child(filter.element, 'returnval')!.text}`);
    expect(await wait(String(Number(current) + 1), 0)).toBeUndefined();
  });

  it('ends a wait by CancelWaitForUpdates', async () => {
    const { client } = await lab();
    let waits = true;
    const waiting = client.call('WaitForUpdatesEx', 'PropertyCollector:propertyCollector').finally(() => {
      waits = false;
    });
    // Of the two calls the second may come first.
    while (waits) await client.call('CancelWaitForUpdates', 'PropertyCollector:propertyCollector');
    expect((await waiting).fault).toBe('RequestCanceled');
  });
});

function wrap(operation: string, inner: string): string {
  return (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>' +
    `<${operation} xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this>${inner}</${operation}></e:Body></e:Envelope>`
  );
}

describe('the datastore over /folder', () => {
  const pathOf = (started: LabVcenter, name: string, file: string) => {
    const { datastore, fileName } = started.world.machineByName(name)!.disks[0]!;
    const folder = fileName.replace(/^\[.*\] /, '').replace(/[^/]*$/, '');
    const query = `dcPath=${encodeURIComponent(started.world.datacenter.name)}&dsName=${encodeURIComponent(datastore)}`;
    return `/folder/${`${folder}${file}`.split('/').map(encodeURIComponent).join('/')}?${query}`;
  };
  const name = 'Büro & Lager 100%';

  it('serves a frozen disk by ranges, its name percent-encoded', async () => {
    const { lab: started, client } = await lab({
      machines: [
        { name, disks: [{ size: 4 * MiB, fill: 5 }] },
        { name: 'web', disks: [{ size: MiB }] },
      ],
    });
    const machine = started.world.machineByName(name)!;
    const flat = machine.disks[0]!.fileName.replace(/^.*\//, '').replace(/\.vmdk$/, '-flat.vmdk');
    const path = pathOf(started, name, flat);
    const locked = await client.http('GET', path, { Range: 'bytes=0-511' });
    expect(locked.status).toBe(500);
    const snapshot = (await client.task('CreateSnapshot_Task', `VirtualMachine:${machine.ref}`, snapshotArguments('s'))).result!;
    machine.disks[0]!.write(0, Buffer.alloc(512, 255));
    const truth = (offset: number, length: number) => machine.disks[0]!.readAt(snapshot, offset, length);
    const whole = await client.http('GET', path);
    expect([whole.status, whole.body.equals(truth(0, 4 * MiB))]).toEqual([200, true]);
    const head = await client.http('HEAD', path);
    expect([head.status, head.headers['content-length'], head.headers['accept-ranges']]).toEqual([200, String(4 * MiB), 'bytes']);
    const part = await client.http('GET', path, { Range: `bytes=${MiB - 3}-${3 * MiB}` });
    expect([part.status, part.headers['content-range']]).toEqual([206, `bytes ${MiB - 3}-${3 * MiB}/${4 * MiB}`]);
    expect(part.body.equals(truth(MiB - 3, 2 * MiB + 4))).toBe(true);
    const tail = await client.http('GET', path, { Range: 'bytes=-512' });
    expect(tail.body.equals(truth(4 * MiB - 512, 512))).toBe(true);
    const beyond = await client.http('GET', path, { Range: `bytes=${4 * MiB}-` });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${4 * MiB}`]);
  });

  it('serves a file of many pieces to a slow reader without piling up listeners', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    try {
      const { lab: started, client } = await lab({ machines: [{ name: 'web', disks: [{ size: 48 * MiB, fill: 5 }], poweredOn: false }] });
      const whole = await client.http('GET', pathOf(started, 'web', 'web-flat.vmdk'));
      expect(whole.body.length).toBe(48 * MiB);
      await new Promise((resolve) => setImmediate(resolve)); // warnings are told a tick later
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', listen);
    }
  });

  it('asks who it is, by cookie or Basic', async () => {
    const { lab: started, client } = await lab();
    const path = pathOf(started, 'web', 'web.vmdk');
    using stranger = new RawClient(started);
    const denied = await stranger.http('GET', path);
    expect([denied.status, denied.headers['www-authenticate']]).toEqual([401, 'Basic realm="VMware HTTP server"']);
    const basic = (password: string) => ({ Authorization: `Basic ${Buffer.from(`${started.username}:${password}`).toString('base64')}` });
    expect((await stranger.http('GET', path, basic('wrong'))).status).toBe(401);
    expect((await stranger.http('GET', path, basic(started.password))).status).toBe(200);
    expect((await client.http('GET', path)).status).toBe(200);
  });

  it('knows no other files, places or methods', async () => {
    const { lab: started, client } = await lab();
    const path = pathOf(started, 'web', 'web.vmdk');
    expect((await client.http('GET', path.replace('web.vmdk', 'none.vmdk'))).status).toBe(404);
    expect((await client.http('GET', path.replace(/dsName=.*/, 'dsName=none'))).status).toBe(404);
    expect((await client.http('GET', path.replace(/dcPath=[^&]*/, 'dcPath=none'))).status).toBe(404);
    expect((await client.http('GET', path.replace('/folder/', '/folder/%zz'))).status).toBe(400);
    expect((await client.http('DELETE', path)).status).toBe(405);
    expect((await client.http('GET', '/other')).status).toBe(404);
  });
});

describe('faults by the plan', () => {
  const time = ['CurrentTime', 'ServiceInstance:ServiceInstance'] as const;

  it('come at calls', async () => {
    const { client } = await lab({
      faults: {
        rules: [
          { operation: 'soap:CurrentTime', action: { kind: 'status', status: 503 }, nth: 1 },
          { operation: 'soap:CurrentTime', action: { kind: 'reset', when: 'before' }, nth: 2 },
          { operation: 'soap:CurrentTime', action: { kind: 'reset', when: 'during' }, nth: 3 },
          { operation: 'soap:CurrentTime', action: { kind: 'shortRead', fraction: 0.2 }, nth: 4 },
          { operation: 'soap:CurrentTime', action: { kind: 'latency', ms: 120 }, nth: 5 },
          { operation: 'soap:CurrentTime', action: { kind: 'sessionLoss' }, nth: 6 },
        ],
      },
    });
    expect((await client.call(...time)).status).toBe(503);
    await expect(client.call(...time)).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect((await client.call(...time)).cut).toBe(true);
    expect((await client.call(...time)).cut).toBe(true);
    const start = performance.now();
    expect((await client.call(...time)).fault).toBeUndefined();
    expect(performance.now() - start).toBeGreaterThan(110);
    expect((await client.call(...time)).fault).toBe('NotAuthenticated');
    expect((await client.login()).fault).toBeUndefined();
    expect((await client.call(...time)).fault).toBeUndefined();
  });

  it('come in the middle of a file', async () => {
    const {
      lab: started,
      client,
      vm,
    } = await lab({
      faults: {
        rules: [
          { operation: 'folder:GET', action: { kind: 'reset', when: 'during' }, nth: 1 },
          { operation: 'folder:GET', action: { kind: 'shortRead', fraction: 0.25 }, nth: 2 },
        ],
      },
    });
    await client.task('CreateSnapshot_Task', vm, snapshotArguments('s'));
    const disk = started.world.machineByName('web')!.disks[0]!;
    const query = `dcPath=${encodeURIComponent(started.world.datacenter.name)}&dsName=${disk.datastore}`;
    const path = `/folder/web/web-flat.vmdk?${query}`;
    const half = await client.http('GET', path);
    expect([half.status, half.cut, half.body.length]).toEqual([200, true, 2 * MiB]);
    const quarter = await client.http('GET', path);
    expect([quarter.cut, quarter.body.length]).toEqual([true, MiB]);
    expect((await client.http('GET', path)).body.length).toBe(4 * MiB);
  });
});
