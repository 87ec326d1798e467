/** Managed object types and their properties; notation and origin as in data-types.ts. */
export const managedTypeTable = `
AuthorizationManager < - | privilegeList?:AuthorizationPrivilege[] roleList?:AuthorizationRole[] description:AuthorizationDescription
ClusterComputeResource < ComputeResource | configuration:ClusterConfigInfo recommendation?:ClusterRecommendation[] drsRecommendation?:ClusterDrsRecommendation[] hciConfig?:ClusterComputeResourceHCIConfigInfo migrationHistory?:ClusterDrsMigration[] actionHistory?:ClusterActionHistory[] drsFault?:ClusterDrsFaults[]
ComputeResource < ManagedEntity | resourcePool?:ref host?:ref[] datastore?:ref[] network?:ref[] summary:ComputeResourceSummary environmentBrowser?:ref configurationEx:ComputeResourceConfigInfo
ContainerView < ManagedObjectView | container:ref type?:string[] recursive:boolean
Datacenter < ManagedEntity | vmFolder:ref hostFolder:ref datastoreFolder:ref networkFolder:ref datastore?:ref[] network?:ref[] configuration:DatacenterConfigInfo
Datastore < ManagedEntity | info:DatastoreInfo summary:DatastoreSummary host?:DatastoreHostMount[] vm?:ref[] browser:ref capability:DatastoreCapability iormConfiguration?:StorageIORMInfo
DistributedVirtualPortgroup < Network | key:string config:DVPortgroupConfigInfo portKeys?:string[]
DistributedVirtualSwitch < ManagedEntity | uuid:string capability:DVSCapability summary:DVSSummary config:DVSConfigInfo networkResourcePool?:DVSNetworkResourcePool[] portgroup?:ref[] runtime?:DVSRuntimeInfo
ExtensibleManagedObject < - | value?:CustomFieldValue[] availableField?:CustomFieldDef[]
Folder < ManagedEntity | childType?:string[] childEntity?:ref[]
HostSystem < ManagedEntity | runtime:HostRuntimeInfo summary:HostListSummary hardware?:HostHardwareInfo capability?:HostCapability licensableResource:HostLicensableResourceInfo remediationState?:HostSystemRemediationState precheckRemediationResult?:ApplyHostProfileConfigurationSpec remediationResult?:ApplyHostProfileConfigurationResult complianceCheckState?:HostSystemComplianceCheckState complianceCheckResult?:ComplianceResult configManager:HostConfigManager config?:HostConfigInfo vm?:ref[] datastore?:ref[] network?:ref[] datastoreBrowser:ref systemResources?:HostSystemResourceInfo answerFileValidationState?:AnswerFileStatusResult answerFileValidationResult?:AnswerFileStatusResult
ListView < ManagedObjectView
ManagedEntity < ExtensibleManagedObject | parent?:ref customValue?:CustomFieldValue[] overallStatus:string configStatus:string configIssue?:Event[] effectiveRole?:int[] permission?:Permission[] name:string disabledMethod?:string[] recentTask?:ref[] declaredAlarmState?:AlarmState[] triggeredAlarmState?:AlarmState[] alarmActionsEnabled?:boolean tag?:Tag[]
ManagedObjectView < View | view?:ref[]
Network < ManagedEntity | summary:NetworkSummary host?:ref[] vm?:ref[]
OpaqueNetwork < Network | capability?:OpaqueNetworkCapability extraConfig?:OptionValue[]
OptionManager < - | supportedOption?:OptionDef[] setting?:OptionValue[]
PropertyCollector < - | filter?:ref[]
PropertyFilter < - | spec:PropertyFilterSpec partialUpdates:boolean
ResourcePool < ManagedEntity | summary:ResourcePoolSummary runtime:ResourcePoolRuntimeInfo owner:ref resourcePool?:ref[] vm?:ref[] config:ResourceConfigSpec childConfiguration?:ResourceConfigSpec[]
SearchIndex < -
ServiceInstance < - | serverClock:dateTime capability:Capability content:ServiceContent
SessionManager < - | sessionList?:UserSession[] currentSession?:UserSession message?:string messageLocaleList?:string[] supportedLocaleList?:string[] defaultLocale:string
StoragePod < Folder | summary?:StoragePodSummary podStorageDrsEntry?:PodStorageDrsEntry
Task < ExtensibleManagedObject | info:TaskInfo
TaskManager < - | recentTask?:ref[] description:TaskDescription maxCollector:int
View < -
ViewManager < - | viewList?:ref[]
VirtualApp < ResourcePool | parentFolder?:ref datastore?:ref[] network?:ref[] vAppConfig?:VAppConfigInfo parentVApp?:ref childLink?:VirtualAppLinkInfo[]
VirtualMachine < ManagedEntity | capability:VirtualMachineCapability config?:VirtualMachineConfigInfo layout?:VirtualMachineFileLayout layoutEx?:VirtualMachineFileLayoutEx storage?:VirtualMachineStorageInfo environmentBrowser:ref resourcePool?:ref parentVApp?:ref resourceConfig?:ResourceConfigSpec runtime:VirtualMachineRuntimeInfo guest?:GuestInfo summary:VirtualMachineSummary datastore?:ref[] network?:ref[] snapshot?:VirtualMachineSnapshotInfo rootSnapshot?:ref[] guestHeartbeatStatus:string
VirtualMachineSnapshot < ExtensibleManagedObject | config:VirtualMachineConfigInfo childSnapshot?:ref[] vm:ref
VmwareDistributedVirtualSwitch < DistributedVirtualSwitch
`;

/** Operations: `Name ManagedType | argument:type argument?:type | result`, arguments in schema order, after `_this`. */
export const operationTable = `
CurrentTime ServiceInstance | | dateTime
RetrieveServiceContent ServiceInstance | | ServiceContent
Login SessionManager | userName:string password:string locale?:string | UserSession
Logout SessionManager | | void
SessionIsActive SessionManager | sessionID:string userName:string | boolean
CreateFilter PropertyCollector | spec:PropertyFilterSpec partialUpdates:boolean | ref
RetrieveProperties PropertyCollector | specSet:PropertyFilterSpec[] | ObjectContent[]
CheckForUpdates PropertyCollector | version?:string | UpdateSet
WaitForUpdates PropertyCollector | version?:string | UpdateSet
CancelWaitForUpdates PropertyCollector | | void
WaitForUpdatesEx PropertyCollector | version?:string options?:WaitOptions | UpdateSet
RetrievePropertiesEx PropertyCollector | specSet:PropertyFilterSpec[] options:RetrieveOptions | RetrieveResult
ContinueRetrievePropertiesEx PropertyCollector | token:string | RetrieveResult
CancelRetrievePropertiesEx PropertyCollector | token:string | void
CreatePropertyCollector PropertyCollector | | ref
DestroyPropertyCollector PropertyCollector | | void
DestroyPropertyFilter PropertyFilter | | void
CreateContainerView ViewManager | container:ref type?:string[] recursive:boolean | ref
CreateListView ViewManager | obj?:ref[] | ref
DestroyView View | | void
ModifyListView ListView | add?:ref[] remove?:ref[] | ref[]
CreateSnapshot_Task VirtualMachine | name:string description?:string memory:boolean quiesce:boolean | ref
RevertToCurrentSnapshot_Task VirtualMachine | host?:ref suppressPowerOn?:boolean | ref
RemoveAllSnapshots_Task VirtualMachine | consolidate?:boolean | ref
ConsolidateVMDisks_Task VirtualMachine | | ref
ReconfigVM_Task VirtualMachine | spec:VirtualMachineConfigSpec | ref
PowerOnVM_Task VirtualMachine | host?:ref | ref
PowerOffVM_Task VirtualMachine | | ref
SuspendVM_Task VirtualMachine | | ref
ResetVM_Task VirtualMachine | | ref
ShutdownGuest VirtualMachine | | void
RebootGuest VirtualMachine | | void
QueryChangedDiskAreas VirtualMachine | snapshot?:ref deviceKey:int startOffset:long changeId:string | DiskChangeInfo
RevertToSnapshot_Task VirtualMachineSnapshot | host?:ref suppressPowerOn?:boolean | ref
RemoveSnapshot_Task VirtualMachineSnapshot | removeChildren:boolean consolidate?:boolean | ref
RenameSnapshot VirtualMachineSnapshot | name?:string description?:string | void
CancelTask Task | | void
FindByUuid SearchIndex | datacenter?:ref uuid:string vmSearch:boolean instanceUuid?:boolean | ref
FindByDnsName SearchIndex | datacenter?:ref dnsName:string vmSearch:boolean | ref
FindByIp SearchIndex | datacenter?:ref ip:string vmSearch:boolean | ref
FindByInventoryPath SearchIndex | inventoryPath:string | ref
FindChild SearchIndex | entity:ref name:string | ref
FindAllByUuid SearchIndex | datacenter?:ref uuid:string vmSearch:boolean instanceUuid?:boolean | ref[]
FindAllByDnsName SearchIndex | datacenter?:ref dnsName:string vmSearch:boolean | ref[]
FindAllByIp SearchIndex | datacenter?:ref ip:string vmSearch:boolean | ref[]
HasPrivilegeOnEntity AuthorizationManager | entity:ref sessionId:string privId?:string[] | boolean[]
HasPrivilegeOnEntities AuthorizationManager | entity:ref[] sessionId:string privId?:string[] | EntityPrivilege[]
HasUserPrivilegeOnEntities AuthorizationManager | entities:ref[] userName:string privId?:string[] | EntityPrivilege[]
FetchUserPrivilegeOnEntities AuthorizationManager | entities:ref[] userName:string | UserPrivilegeResult[]
QueryOptions OptionManager | name?:string | OptionValue[]
`;
