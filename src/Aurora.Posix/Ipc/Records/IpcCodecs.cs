using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>The codecs of System V objects, for the checkpoint engine's table.</summary>
public sealed class IpcCodecs(IpcServices ipc)
{
    private readonly StateCodec[] _all = 
    [
        new IpcSpaceCodec(ipc), new SharedSegmentCodec(ipc), new MessageQueueCodec(ipc), new NamedQueueCodec(ipc), new MessageCodec(ipc),
        new IpcWaiterCodec(ipc),
        new SemaphoreSetCodec(ipc), new SemaphoreBlockCodec(ipc), new SemaphoreUndoCodec(ipc),
    ];

    public int Count => _all.Length;

    public StateCodec this[int index] => _all[index];
}
