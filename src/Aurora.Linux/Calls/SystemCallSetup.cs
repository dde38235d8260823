using Aurora.Linux.Executive;

namespace Aurora.Linux.Calls;

/// <summary>Registers the calls of threads, processes, signals, time and memory; those of files register themselves.</summary>
public static class SystemCallSetup
{
    public static void Register(SystemCallTable table)
    {
        SignalCalls.Register(table);
        KillCalls.Register(table);
        IdentityCalls.Register(table);
        CredentialCalls.Register(table);
        CapabilityCalls.Register(table);
        LimitCalls.Register(table);
        PriorityCalls.Register(table);
        IoPriorityCalls.Register(table);
        SchedulingCalls.Register(table);
        SchedulingAttributeCalls.Register(table);
        ClockCalls.Register(table);
        ClockAdjustCalls.Register(table);
        TimerCalls.Register(table);
        CloneCalls.Register(table);
        UnshareCalls.Register(table);
        CompareCalls.Register(table);
        ExitCalls.Register(table);
        WaitCalls.Register(table);
        FutexCalls.Register(table);
        MemoryCalls.Register(table);
        BarrierCalls.Register(table);
        SequenceCalls.Register(table);
        MemoryLockCalls.Register(table);
        MapCalls.Register(table);
        SegmentCalls.Register(table);
        SegmentControl.Register(table);
        MessageCalls.Register(table);
        MessageControl.Register(table);
        NamedQueueCalls.Register(table);
        NamedQueueTransfers.Register(table);
        SemaphoreCalls.Register(table);
        SemaphoreControl.Register(table);
        ExecCalls.Register(table);
        RestartCalls.Register(table);
        ThreadCalls.Register(table);
        MachineCalls.Register(table);
        ProcessMemoryCalls.Register(table);
        KernelLogCalls.Register(table);
        SlsCalls.Register(table);
        GroupCalls.Register(table);
        AttachCalls.Register(table);
        FurtherProgramCalls.Register(table);
        StreamCalls.Register(table);
        TraceCalls.Register(table);
        MemoryCheckpointCall.Register(table);
        RegionCalls.Register(table);
        RegionOrderCalls.Register(table);
        RegionStreamCalls.Register(table);
    }
}
