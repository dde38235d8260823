using Aurora.Memory;

namespace Aurora.Posix.Ipc;

/// <summary>What files of /proc show and set of the objects of IPC. Made once at boot, before files are.</summary>
public sealed class IpcFiles(IpcState state, ObjectHoles holes)
{
    /// <summary>The files of /proc/sysvipc.</summary>
    public IpcText Text { get; } = new(state, holes);

    /// <summary>What root has set.</summary>
    public IpcLimits Settings { get; } = new(state);
}
