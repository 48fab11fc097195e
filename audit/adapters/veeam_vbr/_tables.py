"""What Veeam Backup & Replication documents, and what each word is to us. A word that is not here is quarantined."""

from __future__ import annotations

STATES = {
    "Stopped": "ended",
    "Starting": "running",
    "Stopping": "running",
    "Working": "running",
    "Pausing": "running",
    "Resuming": "running",
    "WaitingTape": "running",
    "WaitingRepository": "running",
    "WaitingSlot": "running",
    "ActionRequired": "running",
    "Postprocessing": "running",
    "Idle": "running",
}
"""`state` of a session: where it is in its life, and never how it ended. `Idle` is a continuous job that waits, not one that ended."""

RESULTS = {"Success": "success", "Warning": "warning", "Failed": "failed", "None": None}
"""`result` of a session or task, `lastResult` of a job. `None`: there is no result (yet). `isCanceled` outweighs all of them."""

JOB_STATES = {
    "Running": "running",
    "Starting": "running",
    "Stopping": "running",
    "Stopped": "ended",
    "Inactive": "ended",
    "Disabled": "ended",
    "Enabled": "ended",
    "running": "running",
    "starting": "running",
    "stopping": "running",
    "stopped": "ended",
    "inactive": "ended",
    "disabled": "ended",
    "enabled": "ended",
}
"""`status` of a job (REST 1.1 writes it small). While a job runs, its `lastResult` is of an earlier run."""

POINT_TYPES = {
    "Full": "full",
    "Increment": "incremental",
    "Rollback": "incremental",
    "Snapshot": "snapshot",
    "Cdp": None,
    "Different": None,
}
"""`type` of a restore point, as our method. A rollback (reverse incremental) needs later points, not earlier ones."""

ALGORITHMS = {"Full": "full", "Synthetic": "full", "Increment": "incremental", "None": None}
"""`algorithm` of a task session, as our method. `None` goes with tasks that make no restore point of a machine (files, configuration)."""

MALWARE = {"Clean": None, "Informative": None, "Suspicious": None, "Infected": "corrupt"}
"""`malwareStatus` of a point, as our integrity: an infected point is not one to restore from, a clean one is not verified by that."""

REPLICA_STATES = {
    "Ready": "true",
    "Processing": None,
    "Failover": None,
    "FailedFailover": None,
    "PermanentFailover": None,
    "Failback": None,
    "ReadyToSwitch": None,
    "SureBackup": None,
}
"""`state` of a replica's point, as whether it can be used by itself. Of all but `Ready` that is not known."""

_BACKUPS = (
    "BackupJob Job Backup Replica ReplicaJob FileServerSave SqlLogBackup OracleLogBackup PostgreSqlLogBackup AgentBackup EndpointBackup IrisBackup "
    "PlatformBackupJob PlatformSnapshotJob AgentOperationBackupNow AgentOperationActiveFull"
)
_COPIES = (
    "BackupCopyJob BackupCopyJobParent UnstructuredDataBackupCopy CopyBackup PerVmCopyBackup PlatformSnapshotCopyJob ArchiveBackup ArchiveCopy "
    "ArchiveSync ArchiveFreezing"
)
_RESTORES = (
    "Restore RestoreVm InstantRecovery FirstClassDiskInstantRestore FileLevelRestore LinuxFileLevelRestore CloudDirectorVmRestore CloudDirectorVAppRestore "
    "EntraIdRestore EntraIdRestoreFromCopy NasRestore AzureInstantRecovery FileInstantRecovery ApplicationLevelRestore AdForestRestore "
    "RestoreRecoveryApplianceVolumes RestoreAgentVolumes EndpointRestore InstantDiskRecovery DiskRestore Failover PlannedFailover FailoverPlan FailoverPlanTask"
)
_CHECKS = "SureBackup SureBackupContentScan FileBackupHealthCheck"
_REMOVALS = "Retention DeleteBackup"
_OTHER = (
    "Infrastructure Automation ConfigurationBackup PublishBackupContentViaMount RepositoryMaintenance RepositoryEvacuate InfrastructureItemDeletion "
    "AzureApplianceDeploy QuickMigration ConfigurationResynchronize PermanentFailover UndoFailover Failback CommitFailback UndoFailback "
    "SwitchReplicaToProduction MalwareDetection Antivirus FirstClassDiskQuickMigration SecurityComplianceAnalyzer LogsExport TestCredentials "
    "AzureInstantRecoveryMigration AzureInstantRecoverySwitchover AzureInstantRecoveryStart AzureInstantRecoveryStop AzureInstantRecoveryMigrationUndo "
    "AzureInstantRecoveryMount FileInstantRecoveryMigration PublishBackupContentViaNfs VolumesDiscover BackgroundOperation AgentDiscovery AgentPolicy "
    "AgentOperationPurgeCache ApplianceUpdatesInstall UnstructuredDataBrowse UnstructuredDownloadMeta EntraIdRescanRepository HostComponentsUpdate "
    "ArchiveRehydration RetrieveBackup ArchiveTierDownload DirectBackupSync CheckpointRemoval PlatformServiceJob AgentManagement EncryptionAnalysis "
    "VeeamUpdaterSettingsSync StorageDiscovery StorageMonitoring AgentsRecoveryAppliancesManagement EpAgentOperationStopBackup BackupCacheSync "
    "PerVmMoveBackup FileBackupArchiveRetrievalProlonging HaSwitchover IndexCollection HaClusterEdit"
)

SESSION_TYPES: dict[str, str | None] = {
    **dict.fromkeys(_BACKUPS.split(), "backup"),
    **dict.fromkeys(_COPIES.split(), "copy"),
    **dict.fromkeys(_RESTORES.split(), "restore"),
    **dict.fromkeys(_CHECKS.split(), "verify"),
    **dict.fromkeys(_REMOVALS.split(), "prune"),
    **dict.fromkeys(_OTHER.split(), None),
}
"""`sessionType` of a session, `type` of a task: the kind of run it is; `None`: it carries no facts and is passed over."""

LOGS = ("SqlLogBackup", "OracleLogBackup", "PostgreSqlLogBackup")
"""Sessions that back up logs of transactions."""

WHOLE = ("RestoreVm", "CloudDirectorVmRestore", "CloudDirectorVAppRestore")
PARTS = (
    *(
        "FileLevelRestore",
        "LinuxFileLevelRestore",
        "FirstClassDiskInstantRestore",
        "InstantDiskRecovery",
        "DiskRestore",
        "ApplicationLevelRestore",
    ),
    *("RestoreAgentVolumes", "RestoreRecoveryApplianceVolumes", "FileInstantRecovery", "SureBackupContentScan"),
)
"""Sessions that by their nature restore (or check) the whole of a machine, and a part of it. Of the others that is not known."""

_JOBS = (
    "Backup VSphereBackup HyperVBackup CloudDirectorBackup VSphereReplica Replica EntraIDTenantBackup EntraIDAuditLogBackup WindowsAgentBackup LinuxAgentBackup "
    "FileBackup ObjectStorageBackup CloudBackupAzure CloudBackupAWS CloudBackupGoogle WindowsAgentBackupWorkstationPolicy "
    "LinuxAgentBackupWorkstationPolicy WindowsAgentBackupServerPolicy LinuxAgentBackupServerPolicy NutanixAHVBackupJob ProxmoxBackupJob IrisBackup "
    "WindowsAgentBackupFailoverCluster"
)
JOB_TYPES: dict[str, str] = {
    **dict.fromkeys(_JOBS.split(), "backup"),
    **dict.fromkeys(("FileBackupCopy", "LegacyBackupCopy", "BackupCopy", "EntraIDTenantBackupCopy"), "copy"),
    **dict.fromkeys(("SureBackup", "SureBackupContentScan"), "verify"),
}
"""`type` of a job (REST)."""

CSV_JOBS: dict[str, str | None] = {
    **dict.fromkeys(
        ("Backup", "Replica", "EpAgentBackup", "EndpointBackup", "NasBackup", "SqlLogBackup", "OracleLogBackup", "Cloud"), "backup"
    ),
    **dict.fromkeys(("BackupSync", "SimpleBackupCopyPolicy", "SimpleBackupCopyWorker", "NasBackupCopy"), "copy"),
    **dict.fromkeys(("VmTapeBackup", "FileTapeBackup"), "copy"),
    "DRV": "verify",
    **dict.fromkeys(("EpAgentPolicy", "EpAgentManagement", "ConfBackup"), None),
}
"""`JobType` of a session in PowerShell. `DRV` is SureBackup."""
