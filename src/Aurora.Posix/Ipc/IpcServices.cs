// System V IPC of all groups. The services, and which of them know each other:
//
//   IpcState             slabs, each group's space
//   IpcIds               ids and keys
//   IpcLimits            the settings below /proc/sys
//   SharedSegmentKeeper  what memory says of segments
//   SharedSegments       making, changing and ending segments
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Ipc;

/// <summary>What does the work behind shmget and its kin. Made once at boot.</summary>
public sealed unsafe class IpcServices
{
    public IpcServices(IpcState state, SharedSegmentKeeper keeper, MemoryManager memory)
    {
        State = state;
        Segments = new SharedSegments(state, keeper, memory.Objects);
        Settings = new IpcLimits(state);
        Text = new IpcText(state, memory.Holes);
    }

    public IpcState State { get; }
    public SharedSegments Segments { get; }

    /// <summary>What root has set.</summary>
    public IpcLimits Settings { get; }

    /// <summary>The files of /proc/sysvipc.</summary>
    public IpcText Text { get; }

    /// <summary>
    /// Ends what a group that ends has left, which has no processes any more, some of it; true when nothing is left.
    /// </summary>
    public bool EndStep(ObjectTracker group)
    {
        IpcSpace* space = State.Of(group);
        if (space == null)
            return true;
        if (!Segments.EndSome(space))
            return false;
        State.End(group);
        return true;
    }
}
