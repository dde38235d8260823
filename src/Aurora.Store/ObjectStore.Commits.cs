// Commits as users see them: built in memory, submitted, durable; and the room there is for them.
using System;
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    /// <summary>
    /// Starts a commit to a volume; null when 32 are in use or there is no memory, or nothing can be committed.
    /// </summary>
    public StoreCommit* Begin(VolumeId volume) => _builder.Begin(volume);

    /// <summary>
    /// Gives <paramref name="target"/> the pages <paramref name="source"/> has at this point, replacing any it had; costs nothing until
    /// either is changed. The record of the target is not touched.
    /// </summary>
    public StoreStatus CloneObject(StoreCommit* commit, ObjectId source, ObjectId target)
        => _builder.CloneObject(commit, source, target);

    /// <summary>Removes an object's record and pages.</summary>
    public StoreStatus DeleteObject(StoreCommit* commit, ObjectId id) => _builder.DeleteObject(commit, id);

    /// <summary>Removes the pages from <paramref name="firstPage"/> on.</summary>
    public StoreStatus Truncate(StoreCommit* commit, ObjectId id, ulong firstPage) => _builder.Truncate(commit, id, firstPage);

    /// <summary>Sets an object's record: at most <see cref="MaxRecordBytes"/>, copied now.</summary>
    public StoreStatus PutRecord(StoreCommit* commit, ObjectId id, ReadOnlySpan<byte> record) => _builder.PutRecord(commit, id, record);

    /// <summary>
    /// Sets a page. <paramref name="data"/> is a page-aligned 4-KiB buffer from the page allocator that must not change before the
    /// commit is durable or has failed. Pages in ascending order cost least.
    /// </summary>
    public StoreStatus WritePage(StoreCommit* commit, ObjectId id, ulong page, void* data) => _builder.WritePage(commit, id, page, data);

    /// <summary>Makes a page a hole: it reads as zeroes and takes no space.</summary>
    public StoreStatus WriteHole(StoreCommit* commit, ObjectId id, ulong page) => _builder.WriteHole(commit, id, page);

    /// <summary>Drops a kept checkpoint: what only it needs becomes free.</summary>
    public StoreStatus DropCheckpoint(StoreCommit* commit, ulong sequence) => _builder.DropCheckpoint(commit, sequence);

    /// <summary>Gives up a commit that was not submitted, or that Submit refused.</summary>
    public void Abort(StoreCommit* commit) => _builder.Abort(commit);

    /// <summary>
    /// Gives the commit its place after all submitted before and starts writing it. Ok means that readers see it from now on and that
    /// WaitDurable tells when it survives a power cut. Anything else means that nothing happened (the commit still has to be released),
    /// with NoSpace and CommitTooLarge leaving the store usable. Blocks only when the log, the overlay or the disk is full.
    /// </summary>
    public StoreStatus Submit(StoreCommit* commit, in CommitInfo info) => _committer.Submit(commit, info);

    /// <summary>
    /// Joins a commit, with what it is, to one of another volume that is to be submitted with <see cref="SubmitJoined"/>; at most eight.
    /// </summary>
    public void Join(StoreCommit* first, StoreCommit* commit, in CommitInfo info) => _joined.Join(first, commit, info);

    /// <summary>
    /// As <see cref="Submit"/>, for a commit and those that are joined with it: all survive a power cut, or none. Each is waited for, and
    /// released, by itself; one is durable when all are. When they are refused nothing has happened in any of their volumes. Blocks.
    /// </summary>
    public StoreStatus SubmitJoined(StoreCommit* first, in CommitInfo info) => _joined.Submit(first, info);

    /// <summary>Ok when the commit survives a power cut, Pending while it does not yet, else why it never will.</summary>
    public StoreStatus IsDurable(StoreCommit* commit) => _committer.IsDurable(commit);

    /// <summary>Waits until the commit and all before it are durable. Poisoned when a write failed. Blocks.</summary>
    public StoreStatus WaitDurable(StoreCommit* commit) => _committer.WaitDurable(commit);

    /// <summary>Waits until the commit with a sequence, and with it all before, is durable. Blocks.</summary>
    public StoreStatus WaitForSequence(ulong sequence) => _log.WaitDurable(sequence);

    /// <summary>Gives the commit's slot back: after it became durable, or failed.</summary>
    public void Release(StoreCommit* commit) => _committer.Release(commit);

    /// <summary>
    /// True when nothing is in flight and the device does not say yet that everything is durable: WriteWatermark would write. Costs
    /// nothing.
    /// </summary>
    public bool IsWatermarkDue => _committer.IsWatermarkDue;

    /// <summary>
    /// When the store has become quiet, records that everything is durable, so that damage to the last records would be noticed. Does
    /// nothing when the log says so already. Blocks.
    /// </summary>
    public StoreStatus WriteWatermark() => _committer.WriteWatermark();

    /// <summary>Brings the index up to date with every commit submitted so far, whether it is due or not. Blocks.</summary>
    public StoreStatus CutNow() => _cutter.CutNow();

    /// <summary>
    /// The body of the maintenance fiber (see <see cref="OpenOptions.BackgroundMaintenance"/>): returns after StopMaintenance.
    /// </summary>
    public void RunMaintenance() => _maintenance.Run();

    /// <summary>Makes RunMaintenance return.</summary>
    public void StopMaintenance() => _maintenance.Stop();

    /// <summary>What one commit may be.</summary>
    public CommitBudget CommitBudget => _room.Budget;

    /// <summary>
    /// Asks for a cut, which takes in what has been deleted. It drops half of the automatic history when little is free, or when that is
    /// asked for (<paramref name="ofHistory"/>).
    /// </summary>
    public void AskForRoom(bool ofHistory) => _room.AskForRoom(ofHistory);

    /// <summary>Automatic checkpoints of all volumes, when they were last counted.</summary>
    public ulong AutomaticCheckpoints => _history.AutomaticCount;

    /// <summary>Blocks of data and nodes the device has room for.</summary>
    public ulong TotalBlocks => _context.Geometry.DataBlocks;

    /// <summary>Blocks that can be written now; those of deleted data become free two cuts later.</summary>
    public ulong FreeBlocks => _space.State.FreeBlocks;

    /// <summary>Blocks of what has been deleted, not yet free.</summary>
    public ulong PendingFreeBlocks => _space.State.PendingFreeBlocks;

    /// <summary>
    /// Blocks kept for removing things on a full disk: who would write data should refuse when no more than these are free.
    /// </summary>
    public ulong ReserveBlocks => _reserve.Emergency + _reserve.Promised;

    /// <summary>Cuts made in the life of the store.</summary>
    public ulong CutNumber => _context.Super->Current.Number;

    /// <summary>As <see cref="FreeBlocks"/>, counted anew. Blocks.</summary>
    internal StoreStatus CountFreeBlocks(out ulong free) => _space.Audit.CountFree(out free);
}
