using System;

namespace Aurora.Nvme;

/// <summary>
/// The life of a controller. Bring-up walks from <see cref="ReadCapabilities"/> to <see cref="Ready"/> (NVM Express 1.4 §7.6.1); every
/// state that waits has a deadline, and a failure is reported with the name of the state it happened in.
/// </summary>
public enum NvmeState : byte
{
    /// <summary>Nothing has been done yet.</summary>
    Created,

    /// <summary>Reading CAP and VS; refusing what the driver cannot run.</summary>
    ReadCapabilities,

    /// <summary>CC.EN was found set: waiting for CSTS.RDY = 1, before which EN must not be cleared.</summary>
    WaitReadyBeforeDisable,

    /// <summary>Clearing CC.EN.</summary>
    Disable,

    /// <summary>Waiting for CSTS.RDY = 0; deadline CAP.TO.</summary>
    WaitDisabled,

    /// <summary>Writing AQA, ASQ and ACQ.</summary>
    ConfigureAdminQueues,

    /// <summary>Setting CC.EN.</summary>
    Enable,

    /// <summary>Waiting for CSTS.RDY = 1; deadline CAP.TO.</summary>
    WaitReady,

    /// <summary>Waiting for Identify Controller.</summary>
    IdentifyController,

    /// <summary>Waiting for Identify of the NVM command set's limits.</summary>
    IdentifyLimits,

    /// <summary>Waiting for Identify Namespace.</summary>
    IdentifyNamespace,

    /// <summary>Waiting for Set Features, Number of Queues.</summary>
    SetQueueCount,

    /// <summary>Waiting for Get Features, Volatile Write Cache.</summary>
    GetWriteCache,

    /// <summary>Waiting for Set Features, Volatile Write Cache.</summary>
    SetWriteCache,

    /// <summary>Waiting for Create I/O Completion Queue, one by one.</summary>
    CreateCompletionQueues,

    /// <summary>Waiting for Create I/O Submission Queue, one by one.</summary>
    CreateSubmissionQueues,

    /// <summary>Waiting for a Flush, after the write cache was switched off with data possibly in it.</summary>
    DrainWriteCache,

    /// <summary>Waiting for Set Features, Asynchronous Event Configuration.</summary>
    ConfigureEvents,

    /// <summary>Serving requests.</summary>
    Ready,

    /// <summary>Brought up again after a failure; requests wait and are issued (again) afterwards.</summary>
    Resetting,

    /// <summary>Something failed: waiting for the controller to stop, so that no command can still reach memory.</summary>
    Stopping,

    /// <summary>Dead. Every request completes as Gone.</summary>
    Gone,

    /// <summary>Shut down in order. Every request completes as Gone.</summary>
    ShutDown,
}

/// <summary>Names of states for log lines.</summary>
public static class NvmeStateNames
{
    public static ReadOnlySpan<byte> NameOf(NvmeState state) => state switch
    {
        NvmeState.Created => "created"u8,
        NvmeState.ReadCapabilities => "read capabilities"u8,
        NvmeState.WaitReadyBeforeDisable => "wait for ready before disabling"u8,
        NvmeState.Disable => "disable"u8,
        NvmeState.WaitDisabled => "wait until disabled"u8,
        NvmeState.ConfigureAdminQueues => "configure admin queues"u8,
        NvmeState.Enable => "enable"u8,
        NvmeState.WaitReady => "wait until ready"u8,
        NvmeState.IdentifyController => "identify controller"u8,
        NvmeState.IdentifyLimits => "identify limits"u8,
        NvmeState.IdentifyNamespace => "identify namespace"u8,
        NvmeState.SetQueueCount => "set number of queues"u8,
        NvmeState.GetWriteCache => "get write cache feature"u8,
        NvmeState.SetWriteCache => "set write cache feature"u8,
        NvmeState.CreateCompletionQueues => "create completion queues"u8,
        NvmeState.CreateSubmissionQueues => "create submission queues"u8,
        NvmeState.DrainWriteCache => "drain write cache"u8,
        NvmeState.ConfigureEvents => "configure events"u8,
        NvmeState.Ready => "ready"u8,
        NvmeState.Resetting => "resetting"u8,
        NvmeState.Stopping => "stopping"u8,
        NvmeState.Gone => "gone"u8,
        NvmeState.ShutDown => "shut down"u8,
        _ => "unknown"u8,
    };
}
