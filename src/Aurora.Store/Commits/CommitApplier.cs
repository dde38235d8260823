// What a commit changes in memory, once it has its place in the log: in one stretch, nothing here waits.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Makes commits part of the present state.</summary>
internal sealed unsafe class CommitApplier(
    StoreContext context, PresentState present, LayerBuilder layers, RecentCheckpoints recent, Retention retention, CutSchedule schedule)
{
    /// <summary>
    /// Applies a commit that has its place in the log. <paramref name="last"/> is the newest commit of its volume, or of the one that it
    /// clones, as far as the active set does not know it. <see cref="End"/> follows, once for those that are joined.
    /// </summary>
    public void Apply(StoreCommit* commit, in CheckpointInfo last)
    {
        if (commit->IsWatermark)
            return;
        if (commit->IsApart)
            layers.Adopt(commit);
        else
            ApplyOperations(commit, last);
        NoteInHistory(commit);
    }

    /// <summary>What has been applied is whole: the active set may be frozen.</summary>
    public void End(ulong realtimeNanoseconds)
    {
        present.IsFreezeRequired |= present.Active.IsDeep;
        if (present.IsFreezeRequired && !present.IsFrozen)
            schedule.Freeze();
        else if (present.Active.IsHalfDeep)
            schedule.Ask();
        schedule.NoteCommit(realtimeNanoseconds);
    }

    private void ApplyOperations(StoreCommit* commit, in CheckpointInfo last)
    {
        LayerSet set = present.Active;
        Layer* layer = null;
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
        {
            var payload = new ReadOnlySpan<byte>(operation + 1, operation->Length);
            if (operation->Kind >= LogEntryKind.Rollback)
            {
                CommitEffect.OnVolume(
                    set, commit->Volume, operation->Kind, operation->Page, operation->Block, operation->FlagsOrNodes, payload, last,
                    commit->Info.RealtimeNanoseconds);
                UnsealWhenSeeded(operation);
                continue;
            }
            if (layer == null)
                layer = set.TopFor(commit->Volume);
            LayerChange.Apply(
                set, layer, operation->Kind, operation->Object, operation->Page, operation->Block, operation->Checksum, payload);
        }
    }

    private void UnsealWhenSeeded(CommitOperation* operation)
    {
        if (operation->Kind != LogEntryKind.CloneVolume || !context.Has(SeededFaults.UnsealedClone))
            return;
        VolumeChanges* source = present.Active.Find(operation->Page);
        if (source != null && source->Top != null)
            source->Top->IsSealed = false;
    }

    private void NoteInHistory(StoreCommit* commit)
    {
        retention.NoteTime(commit->Info.RealtimeNanoseconds);
        var info = new CheckpointInfo
        {
            Sequence = commit->Sequence,
            Commit = commit->Info,
            Bytes = commit->CheckpointPages * PageSize.Bytes,
        };
        bool isAboutVolume = commit->FirstOperation != null && CommitEffect.IsAboutVolume(commit->FirstOperation->Kind);
        if (!isAboutVolume)
            CommitEffect.Note(present.Active, commit->Volume, info);
        if (context.Has(SeededFaults.InexactCheckpoint) && info.Commit.NameLength > 0)
            present.Active.Find(commit->Volume)->Top->IsSealed = false;
        if (!commit->IsPart)
            recent.Add(commit->Volume, info.Sequence, info.Bytes, info.Commit);
    }
}
