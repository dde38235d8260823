// Reading as users see it: the present state, the history, and going back.
using System;
using Aurora.Base;

namespace Aurora.Store;

public sealed unsafe partial class ObjectStore
{
    /// <summary>
    /// Reads a page into a page-aligned 4-KiB buffer from the page allocator. Ok, or Hole (the buffer is zeroed), or a failure. Sees
    /// every commit that was submitted, durable or not. Blocks.
    /// </summary>
    public StoreStatus ReadPage(VolumeId volume, ObjectId id, ulong page, void* destination)
        => _reader.ReadPage(volume, id, page, destination);

    /// <summary>So many pages <see cref="ReadPages"/> reads.</summary>
    public const int MostPagesAtOnce = 32;

    /// <summary>
    /// Reads consecutive pages into a buffer each; what the device has side by side is one request. A status of Ok means what that of
    /// <see cref="ReadPage"/> does; of any other page nothing is known yet, and its buffer may hold anything: ReadPage tells. Blocks.
    /// </summary>
    public void ReadPages(VolumeId volume, ObjectId id, ulong page, void** destinations, int count, StoreStatus* statuses)
        => _runs.Read(volume, id, page, destinations, count, statuses);

    /// <summary>The device has failed for good: nothing more will be read.</summary>
    public bool HasDeviceFailed => _context.Device.HasFailed;

    /// <summary>
    /// Where a page is; Hole when it is not there, or a failure, also when it has moved meanwhile. Two pages in one place are the same.
    /// Sees every commit that was submitted. Blocks.
    /// </summary>
    public StoreStatus LocatePage(VolumeId volume, ObjectId id, ulong page, out PagePlace place)
    {
        StoreStatus status = _reader.FindPage(volume, id.Value, page, out MapEntry entry);
        place = new PagePlace(entry.Block, entry.Checksum);
        return status;
    }

    /// <summary>
    /// Copies an object's record. NotFound when it has none; TooLong when it does not fit (the length is still given). Blocks.
    /// </summary>
    public StoreStatus ReadRecord(VolumeId volume, ObjectId id, Span<byte> destination, out int length)
        => _reader.ReadRecord(volume, id, destination, out length);

    /// <summary>
    /// The record of the first object with an id greater than <paramref name="id"/> that has one, in id order; start with default.
    /// NotFound at the end. Blocks.
    /// </summary>
    public StoreStatus NextRecord(VolumeId volume, ref ObjectId id, Span<byte> destination, out int length)
        => _scan.Next(volume, ref id, destination, out length);

    /// <summary>
    /// Copies the records of objects with ids greater than <paramref name="after"/> up to <paramref name="last"/> into a run, in id order,
    /// as many as fit; <paramref name="after"/> becomes the id up to which all are. NotFound when there are no more, Ok when there may be.
    /// The run must have room for the longest record. Blocks.
    /// </summary>
    public StoreStatus NextRecords(VolumeId volume, ref ObjectId after, ObjectId last, ref RecordRun run)
        => _scan.Next(volume, ref after, last, ref run);

    /// <summary>
    /// The first run of pages that an object has at or behind <paramref name="page"/>, at most <paramref name="longest"/> of them; both
    /// ends are the largest number when there is none. Sees every commit that was submitted. Ok, or a failure. Blocks.
    /// </summary>
    public StoreStatus NextPages(
        VolumeId volume, ObjectId id, ulong page, ulong longest, out ulong present, out ulong presentEnd)
        => _presence.NextPages(volume, id, page, longest, out present, out presentEnd);

    /// <summary>
    /// Reads and verifies the next pages of the present state, from where the last call ended; what it finds is counted in the
    /// statistics, and the last fault kept. The maintenance fiber calls it by itself. Blocks.
    /// </summary>
    public StoreStatus Scrub(ulong pages) => _scrubber.Scrub(pages);

    /// <summary>The last fault the background scrub found.</summary>
    public StoreFault LastScrubFault => _scrub.LastFault;

    /// <summary>How many starts of the session in a row have failed. Blocks.</summary>
    public StoreStatus ReadFailedStarts(out uint count) => _starts.Read(out count);

    /// <summary>Sets that number, durably. Blocks.</summary>
    public StoreStatus WriteFailedStarts(uint count) => _starts.Write(count);

    /// <summary>
    /// The next checkpoint after <paramref name="sequence"/> (0: the oldest) that can be opened, in order: kept ones and recent ones.
    /// NotFound at the end. What cannot be read is passed over, see <see cref="HistoryFault"/>. Blocks.
    /// </summary>
    public StoreStatus NextCheckpoint(VolumeId volume, ulong sequence, out CheckpointInfo info)
        => _checkpoints.Next(volume, sequence, out info);

    /// <summary>The kept or recent checkpoint with a name; of several, the newest. Blocks.</summary>
    public StoreStatus FindCheckpoint(VolumeId volume, ReadOnlySpan<byte> name, out CheckpointInfo found)
        => _checkpoints.Find(volume, name, out found);

    /// <summary>The kept or recent checkpoint of an epoch; of several, the newest. Blocks.</summary>
    public StoreStatus FindCheckpoint(VolumeId volume, Epoch epoch, out CheckpointInfo found)
        => _checkpoints.Find(volume, epoch, out found);

    /// <summary>
    /// What was found damaged in the history; its status is Ok when nothing was. The history then shows what can be read and the recent
    /// commits, names are not kept, and Rollback is refused.
    /// </summary>
    public StoreFault HistoryFault(VolumeId volume) => _history.FaultOf(volume);

    /// <summary>
    /// Opens a checkpoint for reading. NotFound when it is not (or no longer) retained or not yet durable; OutOfMemory when four views
    /// are open or its changes do not fit. Blocks.
    /// </summary>
    public StoreStatus OpenView(VolumeId volume, ulong sequence, out StoreView? view) => _views.Open(volume, sequence, out view);

    /// <summary>
    /// A store opened for reading shows a retained checkpoint instead of the newest state from here on. NotFound when it is not
    /// retained. Blocks.
    /// </summary>
    public StoreStatus ShowCheckpoint(VolumeId volume, ulong sequence) => _views.ShowCheckpoint(volume, sequence);

    /// <summary>
    /// Makes the state that of a retained checkpoint (see <see cref="NextCheckpoint"/>), durably, as a commit of its own with this
    /// epoch and time and no name. What came after the checkpoint stays in the history: the state that is left is kept until retention
    /// drops it. Commits submitted meanwhile come after it; nobody should have one half built on the old state. NotFound when the
    /// checkpoint is not retained. Blocks.
    /// </summary>
    public StoreStatus Rollback(VolumeId volume, ulong sequence, in CommitInfo info) => Rollback(volume, sequence, info, out _);

    /// <summary>
    /// As above; also gives the rollback's own sequence, or 0 when it got none. One that got a sequence and failed is finished by the
    /// next Open if its record survived.
    /// </summary>
    public StoreStatus Rollback(VolumeId volume, ulong sequence, in CommitInfo info, out ulong ownSequence)
        => _rollback.To(volume, sequence, info, waits: true, out ownSequence);

    /// <summary>
    /// As above, and does not wait until it is durable: it is when its sequence is (<see cref="WaitForSequence"/>), or something that is
    /// committed later, in whatever volume. Blocks.
    /// </summary>
    public StoreStatus SubmitRollback(VolumeId volume, ulong sequence, in CommitInfo info, out ulong ownSequence)
        => _rollback.To(volume, sequence, info, waits: false, out ownSequence);
}
