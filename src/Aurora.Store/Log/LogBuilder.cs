// Turns a commit's operations into log blocks. Pages that follow each other in an object and on the device share one entry. Headers are
// completed by Seal, when the commit has its place in the order.
using System;
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Writes log entries into the pages of a commit's record.</summary>
internal unsafe ref struct LogBuilder
{
    private const int OperationsPerLook = 64;

    private readonly FiberScheduler _fibers;
    private readonly CommitPool _pool;
    private readonly StoreCommit* _commit;
    private readonly bool _losesLast;
    private byte* _page;
    private LogEntry* _run;

    public LogBuilder(FiberScheduler fibers, CommitPool pool, StoreCommit* commit, bool losesLast)
    {
        _fibers = fibers;
        _losesLast = losesLast;
        _pool = pool;
        _commit = commit;
    }

    /// <summary>Adds all operations; false when there is no memory. Others may run meanwhile.</summary>
    public bool AddAll()
    {
        int added = 0;
        CommitInfo* info = &_commit->Info;
        ulong epoch = info->Epoch.Value;
        var name = new ReadOnlySpan<byte>(info->Name, info->NameLength);
        if (!Add(LogEntryKind.CommitInfo, epoch, info->RealtimeNanoseconds, 0, 0, name))
            return false;
        for (CommitOperation* operation = _commit->FirstOperation; operation != null; operation = operation->Next)
        {
            if (_losesLast && operation->Next == null && operation != _commit->FirstOperation)
                break;
            bool isAdded = operation->Kind switch
            {
                LogEntryKind.Pages => AddPage(operation),
                LogEntryKind.Holes => AddHole(operation),
                _ => AddOther(operation),
            };
            if (!isAdded)
                return false;
            if (++added % OperationsPerLook == 0)
                _fibers.GiveWay();
        }
        return true;
    }

    private bool AddPage(CommitOperation* operation)
    {
        bool continues = _run != null && _run->Kind == LogEntryKind.Pages && _run->Object == operation->Object
            && _run->Page + _run->Count == operation->Page && _run->Block + _run->Count == operation->Block && Room >= 8;
        if (!continues && !Begin(LogEntryKind.Pages, operation->Object, operation->Page, operation->Block, LogEntry.Bytes + 8))
            return false;
        ulong* checksums = (ulong*)(_run + 1);
        checksums[_run->Count++] = operation->Checksum;
        Header->UsedBytes += 8;
        return true;
    }

    private bool AddHole(CommitOperation* operation)
    {
        bool continues = _run != null && _run->Kind == LogEntryKind.Holes && _run->Object == operation->Object
            && _run->Page + _run->Count == operation->Page;
        if (!continues && !Begin(LogEntryKind.Holes, operation->Object, operation->Page, 0, LogEntry.Bytes))
            return false;
        _run->Count++;
        return true;
    }

    private bool AddOther(CommitOperation* operation)
    {
        var payload = new ReadOnlySpan<byte>(operation + 1, operation->Length);
        ulong block = operation->Kind is LogEntryKind.CloneVolume or LogEntryKind.TakeVolume ? operation->Block : 0;
        return Add(operation->Kind, operation->Object, operation->Page, block, operation->FlagsOrNodes, payload);
    }

    private bool Add(LogEntryKind kind, ulong objectId, ulong page, ulong block, uint count, ReadOnlySpan<byte> payload)
    {
        if (!Begin(kind, objectId, page, block, LogEntry.Bytes + ((payload.Length + 7) & ~7)))
            return false;
        _run->Count = count;
        payload.CopyTo(new Span<byte>(_run + 1, payload.Length));
        _run->Length = (ushort)payload.Length;
        Header->UsedBytes += (uint)((payload.Length + 7) & ~7);
        _run = null;
        return true;
    }

    private readonly LogBlockHeader* Header => (LogBlockHeader*)_page;

    private readonly int Room => LogBlockHeader.PayloadBytes - (int)Header->UsedBytes;

    private bool Begin(LogEntryKind kind, ulong objectId, ulong page, ulong block, int bytesNeeded)
    {
        if (_page == null || Room < bytesNeeded)
        {
            _page = _pool.AddLogPage(_commit);
            if (_page == null)
                return false;
        }
        _run = (LogEntry*)(_page + LogBlockHeader.Bytes + Header->UsedBytes);
        *_run = new LogEntry { Kind = kind, Object = objectId, Page = page, Block = block };
        Header->UsedBytes += LogEntry.Bytes;
        return true;
    }
}
