// Making, cloning, dropping and renaming volumes: each is one record in the log, of the volume concerned, and nothing else in its commit.
// The number of a new volume is taken from the superblock's count; the records in the log raise it again when a store is opened.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Submits commits about volumes.</summary>
internal sealed unsafe class VolumeCommits(
    StoreContext context,
    CommitTurns turns,
    CommitLog log,
    CommitBuilder builder,
    Committer committer,
    TargetKeeper keeper)
{
    /// <summary>See <see cref="ObjectStore.CreateVolume"/>.</summary>
    public StoreStatus Create(VolumeFlags flags, ReadOnlySpan<byte> name, in CommitInfo info, out VolumeId volume)
    {
        turns.Take();
        volume = new VolumeId(context.Super->NextVolume);
        StoreStatus status = Submit(volume, LogEntryKind.CreateVolume, volume, 0, flags, name, info);
        return End(status, ref volume);
    }

    /// <summary>
    /// See <see cref="ObjectStore.CloneVolume"/>, and <see cref="ObjectStore.SubmitClone"/>, which does not wait.
    /// </summary>
    public StoreStatus Clone(
        VolumeId source, ulong sequence, VolumeFlags flags, ReadOnlySpan<byte> name, in CommitInfo info, bool waits, out VolumeId volume)
    {
        turns.TakeBehind(source);
        StoreStatus status = sequence == 0 ? StoreStatus.Ok : keeper.Keep(source, sequence);
        volume = new VolumeId(context.Super->NextVolume);
        if (status == StoreStatus.Ok)
            status = Submit(volume, LogEntryKind.CloneVolume, source, sequence, flags, name, info, waits);
        keeper.Forget();
        return End(status, ref volume);
    }

    /// <summary>See <see cref="ObjectStore.TakeVolumeNumber"/>.</summary>
    public StoreStatus TakeNumber(out VolumeId number)
    {
        turns.Take();
        number = new VolumeId(context.Super->NextVolume);
        bool isLast = number.Value > VolumeRecord.LastNumber;
        context.Super->NextVolume += isLast ? 0u : 1u;
        StoreStatus status = isLast ? context.Refuse(StoreStatus.NoSpace, FaultPlace.VolumeTable, 0, 0, 0, number.Value) : StoreStatus.Ok;
        return End(status, ref number);
    }

    /// <summary>Makes a hidden clone of what a volume has now, for its large commit. Blocks.</summary>
    public StoreStatus CloneHidden(LargeCommit* large, in CommitInfo info)
    {
        turns.TakeBehind(new VolumeId(large->Volume));
        var volume = new VolumeId(context.Super->NextVolume | VolumeRecord.HiddenBit);

        // From here on no cut takes it for a leftover, but every cut takes those for one that are.
        large->Hidden = volume.Value;
        StoreStatus status = Submit(volume, LogEntryKind.CloneVolume, new VolumeId(large->Volume), 0, VolumeFlags.None, default, info);
        return End(status, ref volume);
    }

    /// <summary>See <see cref="ObjectStore.DropVolume"/>.</summary>
    public StoreStatus Drop(VolumeId volume, in CommitInfo info)
    {
        if (volume == VolumeId.First)
            return StoreStatus.BadArgument;
        turns.TakeBehind(volume);
        StoreStatus status = Submit(volume, LogEntryKind.DropVolume, volume, 0, VolumeFlags.None, default, info);
        return End(status, ref volume);
    }

    /// <summary>See <see cref="ObjectStore.SetVolume"/>.</summary>
    public StoreStatus Set(VolumeId volume, VolumeFlags flags, ReadOnlySpan<byte> name, in CommitInfo info)
    {
        turns.TakeBehind(volume);
        StoreStatus status = Submit(volume, LogEntryKind.SetVolume, volume, 0, flags, name, info);
        return End(status, ref volume);
    }

    // Gives up the turn, with no volume unless all went well.
    private StoreStatus End(StoreStatus status, ref VolumeId volume)
    {
        turns.End();
        if (status != StoreStatus.Ok)
            volume = default;
        return status;
    }

    private StoreStatus Submit(
        VolumeId volume, LogEntryKind kind, VolumeId source, ulong sequence, VolumeFlags flags, ReadOnlySpan<byte> name, in CommitInfo info,
        bool waits = true)
    {
        if (context.Options.ReadOnly)
            return StoreStatus.ReadOnly;
        if (info.NameLength != 0 || (flags & ~VolumeFlags.Known) != 0)
            return StoreStatus.BadArgument;
        bool isNew = kind is LogEntryKind.CreateVolume or LogEntryKind.CloneVolume;
        if (isNew && (volume.Value & ~VolumeRecord.HiddenBit) > VolumeRecord.LastNumber)
            return context.Refuse(StoreStatus.NoSpace, FaultPlace.VolumeTable, 0, 0, 0, volume.Value);
        StoreCommit* commit = builder.Begin(volume);
        if (commit == null)
            return context.PoisonStatus == StoreStatus.Ok ? StoreStatus.OutOfMemory : StoreStatus.Poisoned;
        commit->Info = info;
        commit->IsPart = volume.IsHidden && kind == LogEntryKind.CloneVolume;
        StoreStatus status = builder.AddVolume(commit, kind, source, sequence, flags, name);
        if (status == StoreStatus.Ok)
            status = committer.SubmitInTurn(commit);
        if (status != StoreStatus.Ok)
        {
            builder.Abort(commit);
            return status;
        }
        if (isNew)
            context.Super->NextVolume++;
        if (!waits && committer.MayForget)
        {
            committer.Forget(commit);
            return StoreStatus.Ok;
        }
        status = log.WaitDurable(commit->Sequence);
        committer.Release(commit);
        return status;
    }
}
