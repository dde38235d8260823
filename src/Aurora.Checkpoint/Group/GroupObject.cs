using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>The consistency group as a kernel object: what belongs to the group as a whole.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct GroupObject
{
    public ObjectHeader Header;

    /// <summary>The newest epoch captured.</summary>
    public Epoch Epoch;

    /// <summary>The group's monotonic clock at that capture, in nanoseconds.</summary>
    public ulong MonotonicNanoseconds;

    /// <summary>Real time at that capture, in nanoseconds since 1970.</summary>
    public ulong RealtimeNanoseconds;

    /// <summary>The processor features the group's programs may rely on; zero while the group has never run.</summary>
    public MachineIdentity Machine;

    /// <summary>The process id handed out last, as of the last capture.</summary>
    public int LastProcessId;

    /// <summary>The memory of the machine the group last ran on, in MiB: with as much it can be restored. Zero while it has never
    /// run.</summary>
    public uint MemoryMebibytes;

    public GroupFlags Flags;

    /// <summary>With HasEnded: the wait status of its init.</summary>
    public int WaitStatus;

    /// <summary>How often what runs has become a copy of what ran before, or gone back in time.</summary>
    public ulong Generation;

    /// <summary>What rollbacks have left behind.</summary>
    public LeftBranches Left;
}
