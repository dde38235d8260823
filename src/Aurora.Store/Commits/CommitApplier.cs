// What a commit changes in memory, once it has its place in the log: in one stretch, nothing here waits. A commit with a name must end
// its layer exactly, because its checkpoint is the root of that cut: until the layer has been frozen no other commit is applied.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Makes commits part of the present state.</summary>
internal sealed unsafe class CommitApplier(
    StoreContext context, PresentState present, RecentCheckpoints recent, Retention retention, CutSchedule schedule)
{
    /// <summary>Applies a commit that has its place in the log.</summary>
    public void Apply(StoreCommit* commit)
    {
        for (CommitOperation* operation = commit->FirstOperation; operation != null; operation = operation->Next)
        {
            var payload = new ReadOnlySpan<byte>(operation + 1, operation->Length);
            LayerChange.Apply(
                present.Active, operation->Kind, operation->Object, operation->Page, operation->Block, operation->Checksum, payload);
        }
        present.Active.LastSequence = commit->Sequence;
        if (!commit->IsWatermark)
            NoteInHistory(commit->Info, commit->Sequence, commit->LogPosition, commit->DataPages);
    }

    private void NoteInHistory(in CommitInfo info, ulong sequence, ulong logPosition, ulong dataPages)
    {
        retention.NoteTime(info.RealtimeNanoseconds);
        if (present.Active.RollbackTo != 0)
        {
            retention.KeepBranch(info);
            present.IsFreezeRequired = true;
        }
        recent.Add(sequence, logPosition, dataPages * PageSize.Bytes, info);
        if (info.NameLength > 0)
        {
            HistoryRecord record = HistoryRecord.From(info, dataPages * PageSize.Bytes);
            present.Active.PutHistory(sequence, record.AsBytes());
            present.IsFreezeRequired = !context.Has(SeededFaults.InexactCheckpoint);
        }
        if (present.IsFreezeRequired && !present.IsFrozen)
            schedule.Freeze();
        schedule.NoteCommit(info.RealtimeNanoseconds);
    }
}
