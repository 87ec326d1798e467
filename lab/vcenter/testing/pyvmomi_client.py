"""Drives the lab with pyvmomi, a client that this project did not write. Reads the access from the first line of its input as JSON, prints findings as JSON."""
import json
import ssl
import sys
from urllib.parse import urlparse

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

access = json.loads(sys.stdin.readline())
url = urlparse(access['url'])
context = ssl.create_default_context(cadata=access['certificate'])
found = {}

try:
    SmartConnect(host=url.hostname, port=url.port, user=access['username'], pwd='wrong', sslContext=context)
except vim.fault.InvalidLogin as fault:
    found['wrongPassword'] = fault.msg

si = SmartConnect(host=url.hostname, port=url.port, user=access['username'], pwd=access['password'], sslContext=context)
content = si.RetrieveContent()
found['about'] = content.about.apiType
found['user'] = content.sessionManager.currentSession.userName
found['clock'] = si.CurrentTime().year > 2000

collector = vmodl.query.PropertyCollector


def everything(kind):
    """All objects of a kind with all their properties: the lab must be able to encode each, and pyvmomi to read it."""
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    walk = collector.TraversalSpec(name='view', type=vim.view.ContainerView, path='view', skip=False)
    spec = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=view, skip=True, selectSet=[walk])],
        propSet=[collector.PropertySpec(type=kind, all=True)],
    )
    objects = []
    result = content.propertyCollector.RetrievePropertiesEx([spec], collector.RetrieveOptions(maxObjects=3))
    while result:
        objects += result.objects
        result = content.propertyCollector.ContinueRetrievePropertiesEx(result.token) if result.token else None
    view.Destroy()
    return objects


kinds = [vim.Folder, vim.Datacenter, vim.ClusterComputeResource, vim.HostSystem, vim.ResourcePool, vim.Datastore, vim.Network, vim.VirtualMachine]
found['counts'] = {kind.__name__: len(everything(kind)) for kind in kinds}
found['datastoreTypes'] = sorted({p.val.type for o in everything(vim.Datastore) for p in o.propSet if p.name == 'summary'})

# The walk by names that most scripts do: data centre, vm folder, children.
names = []


def descend(folder):
    for one in folder.childEntity:
        if isinstance(one, vim.Folder):
            descend(one)
        else:
            names.append(one.name)


descend(content.rootFolder.childEntity[0].vmFolder)
found['machines'] = sorted(names)

machine = content.searchIndex.FindByInventoryPath(content.rootFolder.childEntity[0].name + '/vm/web')
found['byUuid'] = content.searchIndex.FindByUuid(None, machine.config.uuid, True).name
disk = [one for one in machine.config.hardware.device if isinstance(one, vim.vm.device.VirtualDisk)][0]
found['disk'] = [disk.key, disk.capacityInBytes, disk.deviceInfo.label, disk.backing.datastore.summary.type]


def wait(task):
    WaitForTask(task, si=si)
    return task.info.result


def settled():
    while machine.runtime.consolidationNeeded:
        pass


def snapshot(name):
    return wait(machine.CreateSnapshot_Task(name=name, description='by pyvmomi', memory=False, quiesce=False))


def change_id(taken):
    device = [one for one in taken.config.hardware.device if one.key == disk.key][0]
    return device.backing.changeId


wait(machine.ReconfigVM_Task(vim.vm.ConfigSpec(changeTrackingEnabled=True)))
found['tracking'] = machine.config.changeTrackingEnabled
wait(snapshot('stun').RemoveSnapshot_Task(removeChildren=False))
settled()
first = snapshot('one')
baseline = change_id(first)
found['tree'] = [machine.snapshot.rootSnapshotList[0].name, machine.snapshot.currentSnapshot == first]
wait(first.RemoveSnapshot_Task(removeChildren=False))
settled()
found['noSnapshots'] = machine.snapshot is None

# The test writes to the disk now.
print('write', flush=True)
sys.stdin.readline()

second = snapshot('two')
found['sameEpoch'] = change_id(second).split('/')[0] == baseline.split('/')[0]
areas, offset = [], 0
while offset < disk.capacityInBytes:
    page = machine.QueryChangedDiskAreas(snapshot=second, deviceKey=disk.key, startOffset=offset, changeId=baseline)
    areas += [[area.start, area.length] for area in page.changedArea]
    offset = page.startOffset + page.length
found['areas'] = areas
try:
    machine.QueryChangedDiskAreas(snapshot=second, deviceKey=disk.key, startOffset=disk.capacityInBytes, changeId=baseline)
except vmodl.MethodFault as fault:
    found['atCapacity'] = type(fault).__name__
try:
    wait(machine.PowerOnVM_Task())
except vim.fault.InvalidPowerState as fault:
    found['powerFault'] = fault.existingState
wait(second.RemoveSnapshot_Task(removeChildren=False))
settled()
wait(machine.PowerOffVM_Task())
found['power'] = machine.runtime.powerState
try:
    second.config
except vmodl.fault.ManagedObjectNotFound as fault:
    found['gone'] = fault.obj._GetMoId() == second._GetMoId()
Disconnect(si)
try:
    si.CurrentTime()
except vim.fault.NotAuthenticated:
    found['loggedOut'] = True
print(json.dumps(found), flush=True)
