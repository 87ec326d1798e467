/**
 * vim25 data types in use, one a line: `Type < Base | element:type element?:type element:type[]`, elements in schema order.
 * The order is a fact of the public vSphere Web Services API (6.7), read off the type tables of the independent client pyvmomi.
 * `ref` is a ManagedObjectReference; enumerations are strings. A type that is named but has no line of its own is not looked into.
 */
export const dataTypeTable = `
AboutInfo < DynamicData | name:string fullName:string vendor:string version:string build:string localeVersion?:string localeBuild?:string osType:string productLineId:string apiType:string apiVersion:string instanceUuid?:string licenseProductName?:string licenseProductVersion?:string
ApplicationQuiesceFault < SnapshotFault
AuthorizationPrivilege < DynamicData | privId:string onParent:boolean name:string privGroupName:string
CannotAccessFile < FileFault
ClusterComputeResourceSummary < ComputeResourceSummary | currentFailoverLevel:int admissionControlInfo?:ClusterDasAdmissionControlInfo numVmotions:int targetBalance?:int currentBalance?:int usageSummary?:ClusterUsageSummary currentEVCModeKey?:string dasData?:ClusterDasData
ComputeResourceSummary < DynamicData | totalCpu:int totalMemory:long numCpuCores:short numCpuThreads:short effectiveCpu:int effectiveMemory:long numHosts:int numEffectiveHosts:int overallStatus:string
ConcurrentAccess < VimFault
DatastoreCapability < DynamicData | directoryHierarchySupported:boolean rawDiskMappingsSupported:boolean perFileThinProvisioningSupported:boolean storageIORMSupported:boolean nativeSnapshotSupported:boolean topLevelDirectoryCreateSupported?:boolean seSparseSupported?:boolean vmfsSparseSupported?:boolean vsanSparseSupported?:boolean upitSupported?:boolean vmdkExpandSupported?:boolean
DatastoreHostMount < DynamicData | key:ref mountInfo:HostMountInfo
DatastoreInfo < DynamicData | name:string url:string freeSpace:long maxFileSize:long maxVirtualDiskCapacity?:long maxMemoryFileSize:long timestamp?:dateTime containerId?:string aliasOf?:string
DatastoreSummary < DynamicData | datastore?:ref name:string url:string capacity:long freeSpace:long uncommitted?:long accessible:boolean multipleHostAccess?:boolean type:string maintenanceMode?:string
Description < DynamicData | label:string summary:string
DiskChangeExtent < DynamicData | start:long length:long
DiskChangeInfo < DynamicData | startOffset:long length:long changedArea?:DiskChangeExtent[]
DistributedVirtualSwitchPortConnection < DynamicData | switchUuid:string portgroupKey?:string portKey?:string connectionCookie?:int
DuplicateName < VimFault | name:string object:ref
DynamicData < -
DynamicProperty < DynamicData | name:string val:anyType
ElementDescription < Description | key:string
EntityPrivilege < DynamicData | entity:ref privAvailability:PrivilegeAvailability[]
FileFault < VimFault | file:string
FileLocked < FileFault
FileNotFound < FileFault
GenericVmConfigFault < VmConfigFault | reason:string
GuestDiskInfo < DynamicData | diskPath?:string capacity?:long freeSpace?:long
GuestInfo < DynamicData | toolsStatus?:string toolsVersionStatus?:string toolsVersionStatus2?:string toolsRunningStatus?:string toolsVersion?:string toolsInstallType?:string toolsUpdateStatus?:VirtualMachineToolsUpdateStatus guestId?:string guestFamily?:string guestFullName?:string hostName?:string ipAddress?:string net?:GuestNicInfo[] ipStack?:GuestStackInfo[] disk?:GuestDiskInfo[] screen?:GuestScreenInfo guestState:string powerPolicy?:VirtualMachinePowerPolicy appHeartbeatStatus?:string guestKernelCrashed?:boolean appState?:string guestOperationsReady?:boolean interactiveGuestOperationsReady?:boolean guestStateChangeSupported?:boolean generationInfo?:GuestInfoNamespaceGenerationInfo[]
GuestNicInfo < DynamicData | network?:string ipAddress?:string[] macAddress?:string connected:boolean deviceConfigId:int dnsConfig?:NetDnsConfigInfo ipConfig?:NetIpConfigInfo netBIOSConfig?:NetBIOSConfigInfo
GuestStackInfo < DynamicData | dnsConfig?:NetDnsConfigInfo ipRouteConfig?:NetIpRouteConfigInfo ipStackConfig?:KeyValue[] dhcpConfig?:NetDhcpConfigInfo
HostCommunication < RuntimeFault
HostConfigSummary < DynamicData | name:string port:int sslThumbprint?:string product?:AboutInfo vmotionEnabled:boolean faultToleranceEnabled:boolean featureVersion?:HostFeatureVersionInfo[] agentVmDatastore?:ref agentVmNetwork?:ref
HostFileSystemVolume < DynamicData | type:string name:string capacity:long
HostHardwareSummary < DynamicData | vendor:string model:string uuid:string otherIdentifyingInfo?:HostSystemIdentificationInfo[] memorySize:long cpuModel:string cpuMhz:int numCpuPkgs:short numCpuCores:short numCpuThreads:short numNics:int numHBAs:int
HostListSummary < DynamicData | host?:ref hardware?:HostHardwareSummary runtime?:HostRuntimeInfo config:HostConfigSummary quickStats:HostListSummaryQuickStats overallStatus:string rebootRequired:boolean customValue?:CustomFieldValue[] managementServerIp?:string maxEVCModeKey?:string currentEVCModeKey?:string gateway?:HostListSummaryGatewaySummary tpmAttestation?:HostTpmAttestationInfo
HostListSummaryQuickStats < DynamicData | overallCpuUsage?:int overallMemoryUsage?:int distributedCpuFairness?:int distributedMemoryFairness?:int availablePMemCapacity?:int uptime?:int
HostMountInfo < DynamicData | path?:string accessMode:string mounted?:boolean accessible?:boolean inaccessibleReason?:string
HostNasVolume < HostFileSystemVolume | remoteHost:string remotePath:string userName?:string remoteHostNames?:string[] securityType?:string protocolEndpoint?:boolean
HostNotConnected < HostCommunication
HostRuntimeInfo < DynamicData | connectionState:string powerState:string standbyMode?:string inMaintenanceMode:boolean inQuarantineMode?:boolean bootTime?:dateTime healthSystemRuntime?:HealthSystemRuntime dasHostState?:ClusterDasFdmHostState tpmPcrValues?:HostTpmDigestInfo[] cpuCapacityForVm?:long memoryCapacityForVm?:long vsanRuntimeInfo?:VsanHostRuntimeInfo networkRuntimeInfo?:HostRuntimeInfoNetworkRuntimeInfo vFlashResourceRuntimeInfo?:HostVFlashManagerVFlashResourceRunTimeInfo hostMaxVirtualDiskCapacity?:long cryptoState?:string cryptoKeyId?:CryptoKeyId
HostScsiDiskPartition < DynamicData | diskName:string partition:int
HostVmfsVolume < HostFileSystemVolume | blockSizeMb:int blockSize?:int unmapGranularity?:int unmapPriority?:string unmapBandwidthSpec?:VmfsUnmapBandwidthSpec maxBlocks:int majorVersion:int version:string uuid:string extent:HostScsiDiskPartition[] vmfsUpgradable:boolean forceMountedInfo?:HostForceMountedInfo ssd?:boolean local?:boolean scsiDiskType?:string
InsufficientResourcesFault < VimFault
InvalidArgument < RuntimeFault | invalidProperty?:string
InvalidCollectorVersion < MethodFault
InvalidDatastore < VimFault | datastore?:ref name?:string
InvalidDatastorePath < InvalidDatastore | datastorePath:string
InvalidDeviceOperation < InvalidDeviceSpec | badOp?:string badFileOp?:string
InvalidDeviceSpec < InvalidVmConfig | deviceIndex:int
InvalidFormat < VmConfigFault
InvalidLogin < VimFault
InvalidName < VimFault | name:string entity?:ref
InvalidPowerState < InvalidState | requestedState?:string existingState:string
InvalidProperty < MethodFault | name:string
InvalidRequest < RuntimeFault
InvalidSnapshotFormat < InvalidFormat
InvalidState < VimFault
InvalidType < InvalidRequest | argument?:string
InvalidVmConfig < VmConfigFault | property?:string
KeyAnyValue < DynamicData | key:string value:anyType
LocalizableMessage < DynamicData | key:string arg?:KeyAnyValue[] message?:string
LocalizedMethodFault < DynamicData | fault:MethodFault localizedMessage?:string
ManagedObjectNotFound < RuntimeFault | obj:ref
MemorySnapshotOnIndependentDisk < SnapshotFault
MethodFault < DynamicData | faultCause?:LocalizedMethodFault faultMessage?:LocalizableMessage[]
MissingController < InvalidDeviceSpec
MissingObject < DynamicData | obj:ref fault:LocalizedMethodFault
MissingProperty < DynamicData | path:string fault:LocalizedMethodFault
MultipleSnapshotsNotSupported < SnapshotFault
NasDatastoreInfo < DatastoreInfo | nas?:HostNasVolume
NetIpConfigInfo < DynamicData | ipAddress?:NetIpConfigInfoIpAddress[] dhcp?:NetDhcpConfigInfo autoConfigurationEnabled?:boolean
NetIpConfigInfoIpAddress < DynamicData | ipAddress:string prefixLength:int origin?:string state?:string lifetime?:dateTime
NetworkSummary < DynamicData | network?:ref name:string accessible:boolean ipPoolName:string ipPoolId?:int
NoDiskSpace < FileFault | datastore:string
NoPermission < SecurityError | object:ref privilegeId:string
NotAuthenticated < NoPermission
NotFound < VimFault
NotSupported < RuntimeFault
ObjectContent < DynamicData | obj:ref propSet?:DynamicProperty[] missingSet?:MissingProperty[]
ObjectSpec < DynamicData | obj:ref skip?:boolean selectSet?:SelectionSpec[]
ObjectUpdate < DynamicData | kind:string obj:ref changeSet?:PropertyChange[] missingSet?:MissingProperty[]
OptionValue < DynamicData | key:string value?:anyType
ParaVirtualSCSIController < VirtualSCSIController
PrivilegeAvailability < DynamicData | privId:string isGranted:boolean
PropertyChange < DynamicData | name:string op:string val?:anyType
PropertyFilterSpec < DynamicData | propSet:PropertySpec[] objectSet:ObjectSpec[] reportMissingObjectsInResults?:boolean
PropertyFilterUpdate < DynamicData | filter:ref objectSet?:ObjectUpdate[] missingSet?:MissingObject[]
PropertySpec < DynamicData | type:string all?:boolean pathSet?:string[]
RequestCanceled < RuntimeFault
ResourceAllocationInfo < DynamicData | reservation?:long expandableReservation?:boolean limit?:long shares?:SharesInfo overheadLimit?:long
ResourceConfigSpec < DynamicData | entity?:ref changeVersion?:string lastModified?:dateTime cpuAllocation:ResourceAllocationInfo memoryAllocation:ResourceAllocationInfo networkBandwidthAllocation?:NetworkBandwidthAllocationInfo[]
ResourceInUse < VimFault | type?:string name?:string
ResourcePoolSummary < DynamicData | name:string config:ResourceConfigSpec runtime:ResourcePoolRuntimeInfo quickStats?:ResourcePoolQuickStats configuredMemoryMB?:int
RetrieveOptions < DynamicData | maxObjects?:int
RetrieveResult < DynamicData | token?:string objects:ObjectContent[]
RuntimeFault < MethodFault
SecurityError < RuntimeFault
SelectionSpec < DynamicData | name?:string
ServiceContent < DynamicData | rootFolder:ref propertyCollector:ref viewManager?:ref about:AboutInfo setting?:ref userDirectory?:ref sessionManager?:ref authorizationManager?:ref serviceManager?:ref perfManager?:ref scheduledTaskManager?:ref alarmManager?:ref eventManager?:ref taskManager?:ref extensionManager?:ref customizationSpecManager?:ref customFieldsManager?:ref accountManager?:ref diagnosticManager?:ref licenseManager?:ref searchIndex?:ref fileManager?:ref datastoreNamespaceManager?:ref virtualDiskManager?:ref virtualizationManager?:ref snmpSystem?:ref vmProvisioningChecker?:ref vmCompatibilityChecker?:ref ovfManager?:ref ipPoolManager?:ref dvSwitchManager?:ref hostProfileManager?:ref clusterProfileManager?:ref complianceManager?:ref localizationManager?:ref storageResourceManager?:ref guestOperationsManager?:ref overheadMemoryManager?:ref certificateManager?:ref ioFilterManager?:ref vStorageObjectManager?:ref hostSpecManager?:ref cryptoManager?:ref healthUpdateManager?:ref failoverClusterConfigurator?:ref failoverClusterManager?:ref
SharesInfo < DynamicData | shares:int level:string
SnapshotFault < VimFault
SnapshotIncompatibleDeviceInVm < SnapshotFault | fault:LocalizedMethodFault
StorageIOAllocationInfo < DynamicData | limit?:long shares?:SharesInfo reservation?:int
SystemError < RuntimeFault | reason:string
Tag < DynamicData | key:string
TaskInProgress < VimFault | task:ref
TaskInfo < DynamicData | key:string task:ref description?:LocalizableMessage name?:string descriptionId:string entity?:ref entityName?:string locked?:ref[] state:string cancelled:boolean cancelable:boolean error?:LocalizedMethodFault result?:anyType progress?:int reason:TaskReason queueTime:dateTime startTime?:dateTime completeTime?:dateTime eventChainId:int changeTag?:string parentTaskKey?:string rootTaskKey?:string activationId?:string
TaskReason < DynamicData
TaskReasonAlarm < TaskReason | alarmName:string alarm:ref entityName:string entity:ref
TaskReasonSchedule < TaskReason | name:string scheduledTask:ref
TaskReasonSystem < TaskReason
TaskReasonUser < TaskReason | userName:string
Timedout < VimFault
ToolsConfigInfo < DynamicData | toolsVersion?:int toolsInstallType?:string afterPowerOn?:boolean afterResume?:boolean beforeGuestStandby?:boolean beforeGuestShutdown?:boolean beforeGuestReboot?:boolean toolsUpgradePolicy?:string pendingCustomization?:string customizationKeyId?:CryptoKeyId syncTimeWithHost?:boolean lastInstallInfo?:ToolsConfigInfoToolsLastInstallInfo upgradeRebootPredict?:boolean
ToolsUnavailable < VimFault
TraversalSpec < SelectionSpec | type:string path:string skip?:boolean selectSet?:SelectionSpec[]
UnexpectedFault < RuntimeFault | faultName:string fault?:MethodFault
UpdateSet < DynamicData | version:string filterSet?:PropertyFilterUpdate[] truncated?:boolean
UserPrivilegeResult < DynamicData | entity:ref privileges?:string[]
UserSession < DynamicData | key:string userName:string fullName:string loginTime:dateTime lastActiveTime:dateTime locale:string messageLocale:string extensionSession:boolean ipAddress:string userAgent:string callCount:long
VimFault < MethodFault
VirtualAHCIController < VirtualSATAController
VirtualBusLogicController < VirtualSCSIController
VirtualCdrom < VirtualDevice
VirtualCdromIsoBackingInfo < VirtualDeviceFileBackingInfo
VirtualCdromRemotePassthroughBackingInfo < VirtualDeviceRemoteDeviceBackingInfo | exclusive:boolean
VirtualController < VirtualDevice | busNumber:int device?:int[]
VirtualDevice < DynamicData | key:int deviceInfo?:Description backing?:VirtualDeviceBackingInfo connectable?:VirtualDeviceConnectInfo slotInfo?:VirtualDeviceBusSlotInfo controllerKey?:int unitNumber?:int
VirtualDeviceBackingInfo < DynamicData
VirtualDeviceConfigSpec < DynamicData | operation?:string fileOperation?:string device:VirtualDevice profile?:VirtualMachineProfileSpec[] backing?:VirtualDeviceConfigSpecBackingSpec
VirtualDeviceConnectInfo < DynamicData | migrateConnect?:string startConnected:boolean allowGuestControl:boolean connected:boolean status?:string
VirtualDeviceDeviceBackingInfo < VirtualDeviceBackingInfo | deviceName:string useAutoDetect?:boolean
VirtualDeviceFileBackingInfo < VirtualDeviceBackingInfo | fileName:string datastore?:ref backingObjectId?:string
VirtualDeviceRemoteDeviceBackingInfo < VirtualDeviceBackingInfo | deviceName:string useAutoDetect?:boolean
VirtualDisk < VirtualDevice | capacityInKB:long capacityInBytes?:long shares?:SharesInfo storageIOAllocation?:StorageIOAllocationInfo diskObjectId?:string vFlashCacheConfigInfo?:VirtualDiskVFlashCacheConfigInfo iofilter?:string[] vDiskId?:string nativeUnmanagedLinkedClone?:boolean
VirtualDiskFlatVer1BackingInfo < VirtualDeviceFileBackingInfo | diskMode:string split?:boolean writeThrough?:boolean contentId?:string parent?:VirtualDiskFlatVer1BackingInfo
VirtualDiskFlatVer2BackingInfo < VirtualDeviceFileBackingInfo | diskMode:string split?:boolean writeThrough?:boolean thinProvisioned?:boolean eagerlyScrub?:boolean uuid?:string contentId?:string changeId?:string parent?:VirtualDiskFlatVer2BackingInfo deltaDiskFormat?:string digestEnabled?:boolean deltaGrainSize?:int deltaDiskFormatVariant?:string sharing?:string keyId?:CryptoKeyId
VirtualDiskRawDiskMappingVer1BackingInfo < VirtualDeviceFileBackingInfo | lunUuid?:string deviceName?:string compatibilityMode?:string diskMode?:string uuid?:string contentId?:string changeId?:string parent?:VirtualDiskRawDiskMappingVer1BackingInfo deltaDiskFormat?:string deltaGrainSize?:int sharing?:string
VirtualDiskRawDiskVer2BackingInfo < VirtualDeviceDeviceBackingInfo | descriptorFileName:string uuid?:string changeId?:string sharing?:string
VirtualDiskSeSparseBackingInfo < VirtualDeviceFileBackingInfo | diskMode:string writeThrough?:boolean uuid?:string contentId?:string changeId?:string parent?:VirtualDiskSeSparseBackingInfo deltaDiskFormat?:string digestEnabled?:boolean grainSize?:int keyId?:CryptoKeyId
VirtualDiskSparseVer2BackingInfo < VirtualDeviceFileBackingInfo | diskMode:string split?:boolean writeThrough?:boolean spaceUsedInKB?:long uuid?:string contentId?:string changeId?:string parent?:VirtualDiskSparseVer2BackingInfo keyId?:CryptoKeyId
VirtualE1000 < VirtualEthernetCard
VirtualE1000e < VirtualEthernetCard
VirtualEthernetCard < VirtualDevice | addressType?:string macAddress?:string wakeOnLanEnabled?:boolean resourceAllocation?:VirtualEthernetCardResourceAllocation externalId?:string uptCompatibilityEnabled?:boolean
VirtualEthernetCardDistributedVirtualPortBackingInfo < VirtualDeviceBackingInfo | port:DistributedVirtualSwitchPortConnection
VirtualEthernetCardNetworkBackingInfo < VirtualDeviceDeviceBackingInfo | network?:ref inPassthroughMode?:boolean
VirtualFloppy < VirtualDevice
VirtualHardware < DynamicData | numCPU:int numCoresPerSocket?:int memoryMB:int virtualICH7MPresent?:boolean virtualSMCPresent?:boolean device?:VirtualDevice[]
VirtualIDEController < VirtualController
VirtualKeyboard < VirtualDevice
VirtualLsiLogicController < VirtualSCSIController
VirtualLsiLogicSASController < VirtualSCSIController
VirtualMachineAffinityInfo < DynamicData | affinitySet?:int[]
VirtualMachineBootOptions < DynamicData | bootDelay?:long enterBIOSSetup?:boolean efiSecureBootEnabled?:boolean bootRetryEnabled?:boolean bootRetryDelay?:long bootOrder?:VirtualMachineBootOptionsBootableDevice[] networkBootProtocol?:string
VirtualMachineCapability < DynamicData | snapshotOperationsSupported:boolean multipleSnapshotsSupported:boolean snapshotConfigSupported:boolean poweredOffSnapshotsSupported:boolean memorySnapshotsSupported:boolean revertToSnapshotSupported:boolean quiescedSnapshotsSupported:boolean disableSnapshotsSupported:boolean lockSnapshotsSupported:boolean consolePreferencesSupported:boolean cpuFeatureMaskSupported:boolean s1AcpiManagementSupported:boolean settingScreenResolutionSupported:boolean toolsAutoUpdateSupported:boolean vmNpivWwnSupported:boolean npivWwnOnNonRdmVmSupported:boolean vmNpivWwnDisableSupported:boolean vmNpivWwnUpdateSupported:boolean swapPlacementSupported:boolean toolsSyncTimeSupported:boolean virtualMmuUsageSupported:boolean diskSharesSupported:boolean bootOptionsSupported:boolean bootRetryOptionsSupported:boolean settingVideoRamSizeSupported:boolean settingDisplayTopologySupported:boolean settingDisplayTopologyModesSupported:boolean recordReplaySupported:boolean changeTrackingSupported:boolean multipleCoresPerSocketSupported:boolean hostBasedReplicationSupported:boolean guestAutoLockSupported:boolean memoryReservationLockSupported:boolean featureRequirementSupported:boolean poweredOnMonitorTypeChangeSupported:boolean vmfsNativeSnapshotSupported:boolean seSparseDiskSupported:boolean nestedHVSupported:boolean vPMCSupported:boolean toolsRebootPredictSupported?:boolean messageBusSupported:boolean canConnectUSBDevices?:boolean secureBootSupported?:boolean perVmEvcSupported?:boolean virtualMmuUsageIgnored?:boolean virtualExecUsageIgnored?:boolean diskOnlySnapshotOnSuspendedVMSupported?:boolean
VirtualMachineConfigInfo < DynamicData | changeVersion:string modified:dateTime name:string guestFullName:string version:string uuid:string createDate?:dateTime instanceUuid?:string npivNodeWorldWideName?:long[] npivPortWorldWideName?:long[] npivWorldWideNameType?:string npivDesiredNodeWwns?:short npivDesiredPortWwns?:short npivTemporaryDisabled?:boolean npivOnNonRdmDisks?:boolean locationId?:string template:boolean guestId:string alternateGuestName:string annotation?:string files:VirtualMachineFileInfo tools?:ToolsConfigInfo flags:VirtualMachineFlagInfo consolePreferences?:VirtualMachineConsolePreferences defaultPowerOps:VirtualMachineDefaultPowerOpInfo hardware:VirtualHardware cpuAllocation?:ResourceAllocationInfo memoryAllocation?:ResourceAllocationInfo latencySensitivity?:LatencySensitivity memoryHotAddEnabled?:boolean cpuHotAddEnabled?:boolean cpuHotRemoveEnabled?:boolean hotPlugMemoryLimit?:long hotPlugMemoryIncrementSize?:long cpuAffinity?:VirtualMachineAffinityInfo memoryAffinity?:VirtualMachineAffinityInfo networkShaper?:VirtualMachineNetworkShaperInfo extraConfig?:OptionValue[] cpuFeatureMask?:HostCpuIdInfo[] datastoreUrl?:VirtualMachineConfigInfoDatastoreUrlPair[] swapPlacement?:string bootOptions?:VirtualMachineBootOptions ftInfo?:FaultToleranceConfigInfo repConfig?:ReplicationConfigSpec vAppConfig?:VmConfigInfo vAssertsEnabled?:boolean changeTrackingEnabled?:boolean firmware?:string maxMksConnections?:int guestAutoLockEnabled?:boolean managedBy?:ManagedByInfo memoryReservationLockedToMax?:boolean initialOverhead?:VirtualMachineConfigInfoOverheadInfo nestedHVEnabled?:boolean vPMCEnabled?:boolean scheduledHardwareUpgradeInfo?:ScheduledHardwareUpgradeInfo forkConfigInfo?:VirtualMachineForkConfigInfo vFlashCacheReservation?:long vmxConfigChecksum?:base64Binary messageBusTunnelEnabled?:boolean vmStorageObjectId?:string swapStorageObjectId?:string keyId?:CryptoKeyId guestIntegrityInfo?:VirtualMachineGuestIntegrityInfo migrateEncryption?:string
VirtualMachineConfigInfoDatastoreUrlPair < DynamicData | name:string url:string
VirtualMachineConfigSpec < DynamicData | changeVersion?:string name?:string version?:string createDate?:dateTime uuid?:string instanceUuid?:string npivNodeWorldWideName?:long[] npivPortWorldWideName?:long[] npivWorldWideNameType?:string npivDesiredNodeWwns?:short npivDesiredPortWwns?:short npivTemporaryDisabled?:boolean npivOnNonRdmDisks?:boolean npivWorldWideNameOp?:string locationId?:string guestId?:string alternateGuestName?:string annotation?:string files?:VirtualMachineFileInfo tools?:ToolsConfigInfo flags?:VirtualMachineFlagInfo consolePreferences?:VirtualMachineConsolePreferences powerOpInfo?:VirtualMachineDefaultPowerOpInfo numCPUs?:int numCoresPerSocket?:int memoryMB?:long memoryHotAddEnabled?:boolean cpuHotAddEnabled?:boolean cpuHotRemoveEnabled?:boolean virtualICH7MPresent?:boolean virtualSMCPresent?:boolean deviceChange?:VirtualDeviceConfigSpec[] cpuAllocation?:ResourceAllocationInfo memoryAllocation?:ResourceAllocationInfo latencySensitivity?:LatencySensitivity cpuAffinity?:VirtualMachineAffinityInfo memoryAffinity?:VirtualMachineAffinityInfo networkShaper?:VirtualMachineNetworkShaperInfo cpuFeatureMask?:VirtualMachineCpuIdInfoSpec[] extraConfig?:OptionValue[] swapPlacement?:string bootOptions?:VirtualMachineBootOptions vAppConfig?:VmConfigSpec ftInfo?:FaultToleranceConfigInfo repConfig?:ReplicationConfigSpec vAppConfigRemoved?:boolean vAssertsEnabled?:boolean changeTrackingEnabled?:boolean firmware?:string maxMksConnections?:int guestAutoLockEnabled?:boolean managedBy?:ManagedByInfo memoryReservationLockedToMax?:boolean nestedHVEnabled?:boolean vPMCEnabled?:boolean scheduledHardwareUpgradeInfo?:ScheduledHardwareUpgradeInfo vmProfile?:VirtualMachineProfileSpec[] messageBusTunnelEnabled?:boolean crypto?:CryptoSpec migrateEncryption?:string
VirtualMachineConfigSummary < DynamicData | name:string template:boolean vmPathName:string memorySizeMB?:int cpuReservation?:int memoryReservation?:int numCpu?:int numEthernetCards?:int numVirtualDisks?:int uuid?:string instanceUuid?:string guestId?:string guestFullName?:string annotation?:string product?:VAppProductInfo installBootRequired?:boolean ftInfo?:FaultToleranceConfigInfo managedBy?:ManagedByInfo tpmPresent?:boolean numVmiopBackings?:int
VirtualMachineDefaultPowerOpInfo < DynamicData | powerOffType?:string suspendType?:string resetType?:string defaultPowerOffType?:string defaultSuspendType?:string defaultResetType?:string standbyAction?:string
VirtualMachineFileInfo < DynamicData | vmPathName?:string snapshotDirectory?:string suspendDirectory?:string logDirectory?:string ftMetadataDirectory?:string
VirtualMachineFileLayoutEx < DynamicData | file?:VirtualMachineFileLayoutExFileInfo[] disk?:VirtualMachineFileLayoutExDiskLayout[] snapshot?:VirtualMachineFileLayoutExSnapshotLayout[] timestamp:dateTime
VirtualMachineFileLayoutExDiskLayout < DynamicData | key:int chain?:VirtualMachineFileLayoutExDiskUnit[]
VirtualMachineFileLayoutExDiskUnit < DynamicData | fileKey:int[]
VirtualMachineFileLayoutExFileInfo < DynamicData | key:int name:string type:string size:long uniqueSize?:long backingObjectId?:string accessible?:boolean
VirtualMachineFileLayoutExSnapshotLayout < DynamicData | key:ref dataKey:int memoryKey:int disk?:VirtualMachineFileLayoutExDiskLayout[]
VirtualMachineFlagInfo < DynamicData | disableAcceleration?:boolean enableLogging?:boolean useToe?:boolean runWithDebugInfo?:boolean monitorType?:string htSharing?:string snapshotDisabled?:boolean snapshotLocked?:boolean diskUuidEnabled?:boolean virtualMmuUsage?:string virtualExecUsage?:string snapshotPowerOffBehavior?:string recordReplayEnabled?:boolean faultToleranceType?:string cbrcCacheEnabled?:boolean vvtdEnabled?:boolean vbsEnabled?:boolean
VirtualMachineGuestSummary < DynamicData | guestId?:string guestFullName?:string toolsStatus?:string toolsVersionStatus?:string toolsVersionStatus2?:string toolsRunningStatus?:string hostName?:string ipAddress?:string
VirtualMachineQuickStats < DynamicData | overallCpuUsage?:int overallCpuDemand?:int guestMemoryUsage?:int hostMemoryUsage?:int guestHeartbeatStatus:string distributedCpuEntitlement?:int distributedMemoryEntitlement?:int staticCpuEntitlement?:int staticMemoryEntitlement?:int privateMemory?:int sharedMemory?:int swappedMemory?:int balloonedMemory?:int consumedOverheadMemory?:int ftLogBandwidth?:int ftSecondaryLatency?:int ftLatencyStatus?:string compressedMemory?:long uptimeSeconds?:int ssdSwappedMemory?:long
VirtualMachineRuntimeInfo < DynamicData | device?:VirtualMachineDeviceRuntimeInfo[] host?:ref connectionState:string powerState:string faultToleranceState:string dasVmProtection?:VirtualMachineRuntimeInfoDasProtectionState toolsInstallerMounted:boolean suspendTime?:dateTime bootTime?:dateTime suspendInterval?:long question?:VirtualMachineQuestionInfo memoryOverhead?:long maxCpuUsage?:int maxMemoryUsage?:int numMksConnections:int recordReplayState:string cleanPowerOff?:boolean needSecondaryReason?:string onlineStandby:boolean minRequiredEVCModeKey?:string consolidationNeeded:boolean offlineFeatureRequirement?:VirtualMachineFeatureRequirement[] featureRequirement?:VirtualMachineFeatureRequirement[] featureMask?:HostFeatureMask[] vFlashCacheAllocation?:long paused?:boolean snapshotInBackground?:boolean quiescedForkParent?:boolean instantCloneFrozen?:boolean cryptoState?:string
VirtualMachineSnapshotInfo < DynamicData | currentSnapshot?:ref rootSnapshotList:VirtualMachineSnapshotTree[]
VirtualMachineSnapshotTree < DynamicData | snapshot:ref vm:ref name:string description:string id:int createTime:dateTime state:string quiesced:boolean backupManifest?:string childSnapshotList?:VirtualMachineSnapshotTree[] replaySupported?:boolean
VirtualMachineStorageInfo < DynamicData | perDatastoreUsage?:VirtualMachineUsageOnDatastore[] timestamp:dateTime
VirtualMachineStorageSummary < DynamicData | committed:long uncommitted:long unshared:long timestamp:dateTime
VirtualMachineSummary < DynamicData | vm?:ref runtime:VirtualMachineRuntimeInfo guest?:VirtualMachineGuestSummary config:VirtualMachineConfigSummary storage?:VirtualMachineStorageSummary quickStats:VirtualMachineQuickStats overallStatus:string customValue?:CustomFieldValue[]
VirtualMachineUsageOnDatastore < DynamicData | datastore:ref committed:long uncommitted:long unshared:long
VirtualMachineVideoCard < VirtualDevice | videoRamSizeInKB?:long numDisplays?:int useAutoDetect?:boolean enable3DSupport?:boolean use3dRenderer?:string graphicsMemorySizeInKB?:long
VirtualNVMEController < VirtualController
VirtualPCIController < VirtualController
VirtualPS2Controller < VirtualController
VirtualPointingDevice < VirtualDevice
VirtualSATAController < VirtualController
VirtualSCSIController < VirtualController | hotAddRemove?:boolean sharedBus:string scsiCtlrUnitNumber?:int
VirtualSIOController < VirtualController
VirtualVmxnet < VirtualEthernetCard
VirtualVmxnet2 < VirtualVmxnet
VirtualVmxnet3 < VirtualVmxnet
VmConfigFault < VimFault
VmfsDatastoreInfo < DatastoreInfo | maxPhysicalRDMFileSize:long maxVirtualRDMFileSize:long vmfs?:HostVmfsVolume lun?:VmfsDatastoreInfoScsiLunInfo[]
WaitOptions < DynamicData | maxWaitSeconds?:int maxObjectUpdates?:int
`;
