using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>The codecs of all object kinds, filled at boot; the objects learn how large their records can be.</summary>
public sealed class CodecTable(TrackedObjects tracked)
{
    private readonly StateCodec?[] _byKind = new StateCodec?[256];

    public void Add(StateCodec codec)
    {
        Panic.Unless(_byKind[(int)codec.Kind] is null, "codecs: two codecs for one kind"u8);
        _byKind[(int)codec.Kind] = codec;
        tracked.SetRecordBytes(codec.Kind, codec.LargestPayload + RecordHeader.MaxSize);
    }

    /// <summary>The codec of a kind, or null when this kernel has none.</summary>
    public StateCodec? Find(ObjectKind kind) => _byKind[(int)kind];
}
