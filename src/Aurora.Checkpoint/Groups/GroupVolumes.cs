using System;
using System.Buffers.Text;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The volumes that groups live in. Everything blocks.</summary>
internal sealed unsafe class GroupVolumes(
    ObjectStore store, GroupDirectory directory, CheckpointLife life, FoundTarget found, Clock clock)
{
    private const double NanosecondsPerSecond = 1e9;
    private const ulong ShortShare = 10;

    private CommitInfo Now => new() { RealtimeNanoseconds = clock.RealtimeNanoseconds };

    /// <summary>
    /// A clone that no machine starts, of what a volume has now (sequence 0) or had at a checkpoint. It is durable with what comes later.
    /// </summary>
    public Errno Clone(VolumeId source, ulong sequence, ReadOnlySpan<byte> name, out VolumeId clone)
        => ErrnoOf(store.SubmitClone(source, sequence, VolumeFlags.Partial, name, Now, out clone));

    /// <summary>A number for a group without a volume.</summary>
    public Errno TakeNumber(out VolumeId number) => ErrnoOf(store.TakeVolumeNumber(out number));

    /// <summary>What a volume holds now.</summary>
    public Errno FindState(VolumeId volume, out StoredState state) => ErrnoOf(store.FindState(volume, out state));

    /// <summary>From here on a machine that starts starts the group; that, and what was committed before, is durable.</summary>
    public Errno SetRunning(GroupEntry* entry)
        => ErrnoOf(store.SetVolume(entry->VolumeId, VolumeFlags.Group, new ReadOnlySpan<byte>(entry->Name, entry->NameLength), Now));

    /// <summary>
    /// Drops the volume of a group that was not finished. When that fails it is dropped when the machine starts again.
    /// </summary>
    public void DropUnfinished(VolumeId volume)
    {
        StoreStatus status = store.DropVolume(volume, Now);
        if (status is not (StoreStatus.Ok or StoreStatus.NotFound))
            Report("the volume of a group that was not finished stays until the machine starts again: "u8, status);
    }

    /// <summary>So little is left of the disk that what need not be kept goes.</summary>
    public bool IsDiskShort
    {
        get
        {
            StoreStatistics about = store.Statistics;
            return about.FreeBlocks < about.TotalBlocks / ShortShare;
        }
    }

    /// <summary>A group goes: its volume, and its entry, unless the volume cannot be dropped.</summary>
    public Errno Forget(GroupEntry* entry)
    {
        StoreStatus status = store.DropVolume(entry->VolumeId, Now);
        if (status is StoreStatus.Ok or StoreStatus.NotFound)
            directory.Remove(entry);
        else if (entry->Phase != GroupPhase.Saved)
            entry->Phase = GroupPhase.Broken;
        return status == StoreStatus.NotFound ? Errno.Ok : ErrnoOf(status);
    }

    /// <summary>A volume that is no group's, no region and not being received, by name or by number; ENOENT when there is none.</summary>
    public Errno FindSaved(ReadOnlySpan<byte> name, out VolumeId volume)
    {
        volume = default;
        bool isNumber = Utf8Parser.TryParse(name, out ulong number, out int used) && used == name.Length;
        StoreStatus status;
        VolumeId after = VolumeId.First;
        while ((status = store.NextVolume(after, out VolumeInfo info)) == StoreStatus.Ok)
        {
            after = info.Id;
            bool isMeant = isNumber ? info.Id.Value - VolumeId.First.Value == number
                : name.SequenceEqual(new ReadOnlySpan<byte>(info.Name, info.NameLength));
            if (!isMeant || (info.Flags & (VolumeFlags.Group | VolumeFlags.Partial | VolumeFlags.Region)) != 0)
                continue;
            volume = info.Id;
            return Errno.Ok;
        }
        return ErrnoOf(status);
    }

    /// <summary>A checkpoint by name, by epoch, or by how many seconds ago it was the newest (a minus and seconds).</summary>
    public Errno FindTarget(VolumeId volume, ReadOnlySpan<byte> target, out CheckpointInfo info)
    {
        info = default;
        if (target.IsEmpty)
            return Errno.EINVAL;
        if (target[0] != '-')
            return FindNamed(volume, target, out info);
        bool isTime = Utf8Parser.TryParse(target[1..], out double seconds, out int used) && used + 1 == target.Length && seconds >= 0;
        return isTime ? FindAgo(volume, seconds, out info) : Errno.EINVAL;
    }

    private Errno FindNamed(VolumeId volume, ReadOnlySpan<byte> target, out CheckpointInfo info)
    {
        info = default;
        bool isKnown = store.FindState(volume, out StoredState state) == StoreStatus.Ok;
        if (isKnown && found.TryGet(volume, in state, target, out info))
            return Errno.Ok;
        Errno error = life.FindTarget(volume, target, out info);
        if (error == Errno.Ok && isKnown)
            found.Note(volume, in state, target, in info);
        return error;
    }

    /// <summary>
    /// The newest checkpoint of a volume, be it the commit that made it, which holds what its source had; ENOENT when there is none.
    /// </summary>
    public Errno FindNewest(VolumeId volume, out CheckpointInfo info) => FindBefore(volume, ulong.MaxValue, default, out info);

    private Errno FindAgo(VolumeId volume, double seconds, out CheckpointInfo found)
    {
        found = default;
        ulong now = clock.RealtimeNanoseconds;
        if (seconds * NanosecondsPerSecond >= long.MaxValue || (ulong)(seconds * NanosecondsPerSecond) > now)
            return Errno.ENOENT;
        // The commit that made the volume is none of the group's.
        return FindBefore(volume, now - (ulong)(seconds * NanosecondsPerSecond), default(Epoch).Next, out found);
    }

    // ENOENT when there is none so old of that epoch or a later one.
    private Errno FindBefore(VolumeId volume, ulong time, Epoch first, out CheckpointInfo found)
    {
        found = default;
        ulong sequence = 0;
        StoreStatus status;
        while ((status = store.NextCheckpoint(volume, sequence, out CheckpointInfo info)) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            if (info.Commit.Epoch >= first && info.Commit.RealtimeNanoseconds <= time)
                found = info;
        }
        if (status != StoreStatus.NotFound)
            return ErrnoOf(status);
        return found.Sequence == 0 ? Errno.ENOENT : Errno.Ok;
    }

    /// <summary>Sends what a stream is to hold; how it ended.</summary>
    public Errno Send(VolumeStream* stream, VolumeSink sink)
        => StreamErrors.Of(store, store.SendVolume(new VolumeId(stream->Volume), stream->Sequence, stream->BaseSequence, sink));

    /// <summary>
    /// Makes a volume of a stream. ENODATA: it ended before its end. EBADMSG: it is damaged, or none. EPROTONOSUPPORT: another version of
    /// the format. EPROTOTYPE: it is of a region. ENOENT: it holds what differs from a checkpoint that was never received.
    /// </summary>
    public Errno Receive(ReadOnlySpan<byte> name, VolumeSource source, out VolumeId volume)
        => StreamErrors.Of(store, store.ReceiveVolume(source, name, Now, new ReceivedKinds { Groups = true }, out volume));

    /// <summary>
    /// Lists the groups that a machine starts with and the saved volumes, and drops what was being made when the last one stopped. The host
    /// is there already.
    /// </summary>
    public void Collect()
    {
        StoreStatus status;
        VolumeId after = VolumeId.First;
        while ((status = store.NextVolume(after, out VolumeInfo info)) == StoreStatus.Ok)
        {
            after = info.Id;
            var name = new ReadOnlySpan<byte>(info.Name, info.NameLength);
            // Programs of the host run already, and may be making something.
            if (info.Id.Value >= store.FirstNewVolume.Value)
                return;
            if ((info.Flags & VolumeFlags.Partial) != 0)
                DropUnfinished(info.Id);
            else if ((info.Flags & VolumeFlags.Region) == 0)
                Add(info.Id, name, (info.Flags & VolumeFlags.Group) != 0 ? GroupPhase.Moving : GroupPhase.Saved);
        }
        if (status != StoreStatus.NotFound)
            Report("groups are missing, because the volumes cannot be listed: "u8, status);
    }

    private static void Report(ReadOnlySpan<byte> what, StoreStatus status)
    {
        Span<byte> buffer = stackalloc byte[320];
        var line = new Utf8Writer(buffer);
        line.Append("groups: "u8);
        line.Append(what);
        line.Append(StoreMessages.Of(status));
        KernelLog.Line(line.Written);
    }

    // A name that two have, or that none may have, comes from a tool: its group goes by another.
    private void Add(VolumeId volume, scoped ReadOnlySpan<byte> name, GroupPhase phase)
    {
        Span<byte> invented = stackalloc byte[GroupEntry.MaxNameBytes];
        if (!GroupDirectory.IsAllowed(name) || directory.Find(name) != null)
            name = invented[..directory.NameNew(invented)];
        GroupEntry* entry = directory.Add(name, volume);
        if (entry == null)
            KernelLog.Line("groups: there are more than can be started"u8);
        else
            entry->Phase = phase;
    }

    internal static Errno ErrnoOf(StoreStatus status) => status switch
    {
        StoreStatus.Ok => Errno.Ok,
        StoreStatus.NotFound => Errno.ENOENT,
        StoreStatus.NoSpace => Errno.ENOSPC,
        StoreStatus.OutOfMemory => Errno.ENOMEM,
        _ => Errno.EIO,
    };
}
