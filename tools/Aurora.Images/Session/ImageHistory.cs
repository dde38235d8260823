using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>Lists the checkpoints of an image.</summary>
internal static unsafe class ImageHistory
{
    private const long NanosecondsPerTick = 100;

    public static IReadOnlyList<ImageCheckpoint> Read(ImageStore image)
    {
        var checkpoints = new List<ImageCheckpoint>();
        ulong sequence = 0;
        StoreStatus status;
        while ((status = image.Store.NextCheckpoint(sequence, out CheckpointInfo info)) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            checkpoints.Add(Describe(in info));
        }
        return status == StoreStatus.NotFound ? checkpoints : throw new ImageException($"the history cannot be read: {image.Explain(status)}");
    }

    private static ImageCheckpoint Describe(in CheckpointInfo info)
    {
        CommitInfo commit = info.Commit;
        string name = Encoding.UTF8.GetString(new ReadOnlySpan<byte>(commit.Name, commit.NameLength));
        DateTimeOffset time = DateTimeOffset.UnixEpoch.AddTicks((long)commit.RealtimeNanoseconds / NanosecondsPerTick);
        return new ImageCheckpoint(info.Sequence, commit.Epoch.Value, time, info.Bytes, name, info.IsKept);
    }
}
