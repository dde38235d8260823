// Whether there is room for what a restore is about to make: what fails half way cannot be taken apart, so this is asked before anything is
// made. The records are counted by kind. Of each kind there may be so many objects on the machine, all kernel objects together may take so
// much of its memory (PageAllocator.BytesLeft), and that many frames must be free: names and pages that are clean go for them. It is a
// reckoning: names and inodes that other records refer to are not counted, nor are signals in queues, but what inotify watches lead to is:
// each is taken to bring in a file of its own, with its name and a share of what is read with that. And of a name (which only older trees
// have restored) only the record's contents tell whether it is a short or a long one, so there must be room for either. What the group
// was cannot go any more when the reckoning proves wrong: while it is in memory (GroupPast) there must be so much of everything that the
// reckoning need not be right, and nobody else gives way for that.
using System;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Asks for the room that a restore needs.</summary>
public sealed unsafe class RestoreRoom(PageAllocator pages, FrameReclaimer reclaimer, NameReclaimer names, GroupPast past,
    FiberScheduler fibers)
{
    private const int KindCount = StagedState.KindCount;
    private const int RecordsPerLook = 16;

    // What an object takes in indexes and lists, and one of a kind that no account knows.
    private const ulong BytesBeside = 64;
    private const ulong BytesOfOther = 512;

    // Beside the file and the name that a watch leads to: what else is in the bucket of the name, and a share of the directories above.
    private const ulong NamesBesideWatched = 1;
    private const ulong BytesAboveWatched = 64;

    // What captures and the rest of the machine need meanwhile.
    private const ulong SpareBytes = 1 << 20;

    /// <summary>
    /// Goes through the records once; OutOfMemory when there is no room for what they describe, and nothing has been made. Blocks.
    /// </summary>
    public RestoreResult Ask(RecordSource records, RestoreScope scope)
    {
        if (past.IsThere && !HasPlentyOfUncounted())
            return NoRoom(ObjectKind.Inode);
        Span<int> counts = stackalloc int[KindCount];
        StoreStatus status = records.TryCount(counts) ? StoreStatus.NotFound : Count(records, counts);
        if (status != StoreStatus.NotFound)
            return new RestoreResult { Store = status, IsUntouched = true };
        int watched = scope == RestoreScope.Files ? 0 : counts[(int)ObjectKind.InotifyWatch];
        if (!HasRoomForShortNames(watched))
            return NoRoom(ObjectKind.InotifyWatch);
        counts[(int)ObjectKind.Inode] += watched;
        ulong bytes = SpareBytes + ((ulong)watched * BytesBesideWatched());
        for (int kind = 0; kind < KindCount; kind++)
        {
            if (counts[kind] == 0 || (scope == RestoreScope.Files && !ObjectRestorer.IsOfFiles((ObjectKind)kind)))
                continue;
            ObjectStock? stock = StockOf((ObjectKind)kind);
            // One of them is the console, which is charged to nobody.
            if (kind == (int)ObjectKind.Terminal)
                counts[kind]--;
            // Beside its past a group leaves others as much as it takes.
            int times = past.IsThere ? 2 : 1;
            if (stock is not null && counts[kind] > (stock.Limit - stock.Count) / times)
                return NoRoom((ObjectKind)kind);
            if (kind == (int)ObjectKind.DirectoryEntry && !HasRoomForShortNames(counts[kind] + watched))
                return NoRoom(ObjectKind.DirectoryEntry);
            ulong each = stock is null ? BytesOfOther : (ulong)stock.BytesOfObject + BytesBeside;
            bytes += (ulong)counts[kind] * each;
        }
        ulong frames = PageSize.PagesFor(bytes);
        bool hasRoom = past.IsThere ? names.HasPlenty(bytes) && reclaimer.HasPlenty(frames)
            : names.MakeRoom(bytes) && reclaimer.MakeRoom(frames);
        return hasRoom ? default : NoRoom(ObjectKind.None);
    }

    private static RestoreResult NoRoom(ObjectKind kind)
        => new() { Fault = new RestoreFault { Status = RestoreStatus.OutOfMemory, Kind = kind }, IsUntouched = true };

    // NotFound when all have been counted. What is no record is found out by who restores it.
    private StoreStatus Count(RecordSource records, Span<int> counts)
    {
        counts.Clear();
        records.Rewind();
        for (int read = 1; ; read++)
        {
            StoreStatus status = records.Next(out ObjectId id, out ReadOnlySpan<byte> record);
            bool isAtEnd = status == StoreStatus.NotFound || (status is StoreStatus.Ok or StoreStatus.TooLong && FileIds.IsOnDemand(id));
            if (isAtEnd)
                records.NoteCount(counts);
            if (isAtEnd || status is not StoreStatus.Ok and not StoreStatus.TooLong)
                return isAtEnd ? StoreStatus.NotFound : status;
            bool isWhole = RecordHeader.TryRead(record, out RecordHeader header, out _, out _) && (int)header.Kind < KindCount;
            if (isWhole)
                counts[(int)header.Kind]++;
            if (status == StoreStatus.TooLong)
                return StoreStatus.NotFound;
            if (read % RecordsPerLook == 0)
                fibers.GiveWay();
        }
    }

    // Half of what there may be: what the group was holds no more than is free.
    private bool HasPlentyOfUncounted()
        => IsHalfFree(ChargeKind.Inode) && IsHalfFree(ChargeKind.ShortName) && IsHalfFree(ChargeKind.LongName)
            && IsHalfFree(ChargeKind.SymbolicLinkTail) && IsHalfFree(ChargeKind.ExtendedAttributes) && IsHalfFree(ChargeKind.SignalBacklog);

    private bool IsHalfFree(ChargeKind kind)
    {
        ObjectStock? stock = pages.Accounts.StockOf(kind);
        return stock is null || stock.Count <= stock.Limit / 2;
    }

    private bool HasRoomForShortNames(int count)
    {
        ObjectStock? names = pages.Accounts.StockOf(ChargeKind.ShortName);
        return names is null || count <= (names.Limit - names.Count) / (past.IsThere ? 2 : 1);
    }

    // Beside the inode, which is counted as one.
    private ulong BytesBesideWatched()
    {
        ObjectStock? names = pages.Accounts.StockOf(ChargeKind.ShortName);
        ulong name = names is null ? BytesOfOther : (ulong)names.BytesOfObject + BytesBeside;
        return (name * (1 + NamesBesideWatched)) + BytesAboveWatched;
    }

    private ObjectStock? StockOf(ObjectKind kind)
    {
        ChargeKind charged = kind switch
        {
            ObjectKind.MemoryObject => ChargeKind.MemoryObject,
            ObjectKind.AddressSpace => ChargeKind.AddressSpace,
            ObjectKind.Mapping => ChargeKind.Mapping,
            ObjectKind.Process => ChargeKind.Process,
            ObjectKind.Thread => ChargeKind.Thread,
            ObjectKind.SignalActions => ChargeKind.SignalActions,
            ObjectKind.ProcessGroup => ChargeKind.ProcessGroup,
            ObjectKind.Session => ChargeKind.Session,
            ObjectKind.DescriptorTable => ChargeKind.DescriptorTable,
            ObjectKind.DescriptorChunk => ChargeKind.DescriptorChunk,
            ObjectKind.OpenFile => ChargeKind.OpenFile,
            ObjectKind.Inode => ChargeKind.Inode,
            ObjectKind.DirectoryEntry => ChargeKind.LongName,
            ObjectKind.Pipe => ChargeKind.Pipe,
            ObjectKind.Timer => ChargeKind.Timer,
            ObjectKind.FileContext => ChargeKind.FileContext,
            ObjectKind.FileLock => ChargeKind.FileLock,
            ObjectKind.EventCounter => ChargeKind.EventCounter,
            ObjectKind.TimerFile => ChargeKind.TimerFile,
            ObjectKind.SignalFile => ChargeKind.SignalFile,
            ObjectKind.ProcessHandle => ChargeKind.ProcessHandle,
            ObjectKind.EventPoll => ChargeKind.EventPoll,
            ObjectKind.EventWatch => ChargeKind.EventWatch,
            ObjectKind.Inotify => ChargeKind.Inotify,
            ObjectKind.InotifyWatch => ChargeKind.InotifyWatch,
            ObjectKind.InotifyEvent => ChargeKind.InotifyEvent,
            ObjectKind.SharedSegment => ChargeKind.SharedSegment,
            ObjectKind.MessageQueue => ChargeKind.MessageQueue,
            ObjectKind.Message => ChargeKind.Message,
            ObjectKind.NamedQueue => ChargeKind.NamedQueue,
            ObjectKind.SemaphoreSet => ChargeKind.SemaphoreSet,
            ObjectKind.SemaphoreBlock => ChargeKind.SemaphoreBlock,
            ObjectKind.SemaphoreUndo => ChargeKind.SemaphoreUndo,
            ObjectKind.Socket => ChargeKind.Socket,
            ObjectKind.SocketMessage => ChargeKind.SocketMessage,
            ObjectKind.SocketRights => ChargeKind.SocketRights,
            ObjectKind.Terminal => ChargeKind.PseudoTerminal,
            ObjectKind.SymbolicLinkTail => ChargeKind.SymbolicLinkTail,
            ObjectKind.ExtendedAttributes => ChargeKind.ExtendedAttributes,
            ObjectKind.SignalBacklog => ChargeKind.SignalBacklog,
            _ => ChargeKind.None,
        };
        return charged == ChargeKind.None ? null : pages.Accounts.StockOf(charged);
    }
}
