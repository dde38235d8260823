// Reads what of a directory tree is asked for: an inode with the records beside it, or a stretch of a directory's entries. Reading may wait
// and changes nothing; then, in one stretch, what was read is made objects, if it is still wanted: what somebody else has brought in
// meanwhile, or a bucket that has become known, is as memory has it, whatever was read. So nothing old comes back.
//
// Records are input: each is checked as at a restore, and against what leads to it. What is impossible is refused, named on the kernel's
// log, and is EIO for who asks for it; its neighbours are not affected.
//
// Each fiber that reads has a loader of its own. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Brings names and inodes in from the store.</summary>
public sealed unsafe class FileLoader
{
    private const int RoomPages = 4;
    private const int MostRecords = 512;
    private const int RecordsOfLookup = 32;

    // What is read is charged to whom it belongs, and never refused for his limits: others need it too. So it is asked for whom it is.
    private const ulong LeastBytesForUsers = 256 << 10;

    private readonly FileState _state;
    private readonly FileRecords _records;
    private readonly NameRequests _requests;
    private readonly NameTable _names;
    private readonly StoredNames _entries;
    private readonly StoredInodes _inodes;
    private readonly byte* _room;
    private readonly StoredRecord* _read;
    private int _count;
    private int _used;
    private uint _end;
    private bool _isBusy;

    /// <summary>A loader for a fiber, or for whoever reads at boot.</summary>
    public FileLoader(FileServices files)
    {
        _state = files.State;
        _records = files.Records;
        _requests = files.Requests;
        _names = files.Names;
        _entries = files.StoredNames;
        _inodes = files.StoredInodes;
        _room = (byte*)_state.Pages.Allocate(RoomPages);
        _read = (StoredRecord*)_state.Pages.Allocate((int)PageSize.PagesFor((ulong)(MostRecords * sizeof(StoredRecord))));
        Panic.Unless(_room != null && _read != null, "files: no memory to read records into"u8);
    }

    /// <summary>The next request to serve, or null. Each must be read and ended.</summary>
    public NameRequest* Take() => _requests.Take();

    /// <summary>Reads what a request is about. Waits.</summary>
    public RecordRead Read(NameRequest* request)
    {
        ObjectTracker group = _state.TrackerOf(&request->Directory->Header);
        return !request->Entry.IsNone
            ? ReadInode(group, FileIds.NumberOf(request->Target))
            : ReadNames(group, request->Directory->Number, request->From, NameBucketTable.HashLimit, request->IsListing);
    }

    /// <summary>Makes objects of what was read, and wakes those who wait for it.</summary>
    public void End(NameRequest* request, RecordRead read)
    {
        bool hasRoom = request->IsPrivileged || _state.Pages.BytesLeftForUsers >= LeastBytesForUsers;
        if (request->Entry.IsNone)
            EndNames(request->Directory, request->From, read, hasRoom);
        else
            EndTarget(request, read, hasRoom);
        _state.Pages.Accounts.Leave();
        _requests.End(request);
    }

    /// <summary>Serves all requests there are, for whoever has nobody else to do it. Waits.</summary>
    public void ServeAll()
    {
        Panic.Unless(!_isBusy, "files: a loader is used twice at a time"u8);
        _isBusy = true;
        for (NameRequest* request = Take(); request != null; request = Take())
            End(request, Read(request));
        _isBusy = false;
    }

    /// <summary>
    /// Brings in an inode that a restored object refers to, and a name of it with all directories above, so that it has a path. Ok also
    /// when there is none. Waits.
    /// </summary>
    public RestoreStatus LoadReferenced(ObjectTracker group, ObjectId id)
    {
        Panic.Unless(!_isBusy, "files: a loader is used twice at a time"u8);
        _isBusy = true;
        RestoreStatus status = LoadWay(group, FileIds.InodeOf(id));
        _isBusy = false;
        _state.Pages.Accounts.Leave();
        return status;
    }

    // Upwards as far as nothing is in memory, then the names downwards.
    private RestoreStatus LoadWay(ObjectTracker group, ObjectId id)
    {
        Inode* top = null;
        while (true)
        {
            Inode* inode = (Inode*)group.Find(id, ObjectKind.Inode);
            if (inode != null)
            {
                // What has a stored name that is not attached is on the way itself: it contains itself.
                if (top != null && (!inode->IsDirectory || (inode->FirstName == null && !inode->IsRoot)))
                    return RestoreStatus.BadRecord;
                break;
            }
            RecordRead read = ReadInode(group, FileIds.NumberOf(id));
            if (read != RecordRead.Ok || _count == 0)
                return read != RecordRead.Failed && top == null ? RestoreStatus.Ok : RestoreStatus.MissingReference;
            RestoreStatus status = _inodes.Install(group, _room, _read, _count, out inode);
            if (status != RestoreStatus.Ok)
                return status;
            inode->NextOnWay = top;
            top = inode;
            if (inode->StoredName.IsNone)
                break;
            id = FileIds.OfFile(FileIds.DirectoryOf(inode->StoredName), FilePart.Inode);
        }
        return AttachWay(group, top);
    }

    private RestoreStatus AttachWay(ObjectTracker group, Inode* top)
    {
        RestoreStatus status = RestoreStatus.Ok;
        while (top != null && status == RestoreStatus.Ok)
        {
            Inode* inode = top;
            top = inode->NextOnWay;
            inode->NextOnWay = null;
            if (!inode->StoredName.IsNone)
                status = AttachStored(group, inode);
        }
        return status;
    }

    private RestoreStatus AttachStored(ObjectTracker group, Inode* inode)
    {
        Inode* directory = (Inode*)group.Find(FileIds.OfFile(FileIds.DirectoryOf(inode->StoredName), FilePart.Inode), ObjectKind.Inode);
        if (directory == null || !directory->IsDirectory || directory->IsProc)
            return RestoreStatus.MissingReference;
        uint place = FileIds.PlaceOf(inode->StoredName);
        uint ordered = place >> FileIds.TurnBits;
        uint hash = NameBucketTable.Reverse(ordered);
        while (NameBucketTable.MarkOf(directory, hash) == BucketMark.Unknown)
        {
            // Its neighbours in the order of hashes are any names: who wants one will ask.
            HashRange bucket = NameBucketTable.RangeOf(directory, ordered);
            RecordRead read = ReadNames(group, directory->Number, bucket.First, bucket.End, isListing: false);
            EndNames(directory, bucket.First, read, hasRoom: true);
            if (directory->Entries.Unsaid != BucketMark.None)
                return RestoreStatus.OutOfMemory;
        }
        if (NameBucketTable.MarkOf(directory, hash) == BucketMark.NoMemory)
            return RestoreStatus.OutOfMemory;
        if (NameBucketTable.MarkOf(directory, hash) != BucketMark.None)
            return RestoreStatus.MissingReference;
        DirectoryEntry* entry = NameBucketTable.FirstAt(*NameBucketTable.SlotOf(directory, hash), place);
        bool isThere = entry != null && entry->Place == place && entry->TargetId == inode->Header.Id;
        if (!isThere)
            return RestoreStatus.MissingReference;
        if (entry->Target != null || !NameTable.MayAttach(entry, inode))
            return RestoreStatus.BadRecord;
        NameTable.Attach(entry, inode);
        return RestoreStatus.Ok;
    }

    // The entry may have gone, or lead somewhere else, and the inode may have come over another name: then nothing is to be done.
    private void EndTarget(NameRequest* request, RecordRead read, bool hasRoom)
    {
        ObjectTracker group = _state.TrackerOf(&request->Directory->Header);
        var entry = (DirectoryEntry*)group.Find(request->Entry, ObjectKind.DirectoryEntry);
        bool isWanted = entry != null && entry->TargetId == request->Target && entry->Target == null;
        if (!isWanted || group.Find(request->Target, ObjectKind.Inode) != null)
            return;
        Inode* inode = null;
        RestoreStatus status = !hasRoom ? RestoreStatus.OutOfMemory : read == RecordRead.Ok && _count > 0
            ? _inodes.Install(group, _room, _read, _count, out inode) : RestoreStatus.MissingReference;
        if (status == RestoreStatus.Ok && NameTable.MayAttach(entry, inode))
        {
            NameTable.Attach(entry, inode);
            return;
        }
        entry->State = status == RestoreStatus.OutOfMemory ? EntryState.NoMemory : EntryState.Lost;
        if (status == RestoreStatus.Ok)
            _inodes.Forget(group, inode->Number);
        if (entry->State == EntryState.Lost)
            _names.ReportLost(entry, read == RecordRead.Failed ? " leads to a file that cannot be read"u8
                : status == RestoreStatus.MissingReference && _count == 0 ? " leads to a file that does not exist"u8
                : " leads to a file whose record is impossible"u8);
    }

    // Every unknown bucket of which all was read becomes known.
    private void EndNames(Inode* directory, uint from, RecordRead read, bool hasRoom)
    {
        if (!hasRoom)
        {
            MarkUnknown(directory, from, BucketMark.NoMemory);
            return;
        }
        uint start = from;
        if (read == RecordRead.Failed && _count == 0)
            _end = start;
        int next = 0;
        while (from < _end)
        {
            // There are more entries than the directory says: its buckets are too few.
            bool isTooWide = NameBucketTable.RangeOf(directory, from).End > _end;
            if (isTooWide && (from != start || read == RecordRead.Failed || !_entries.Narrow(directory, from, _end)))
                break;
            uint end = NameBucketTable.RangeOf(directory, from).End;
            int behind = next;
            while (behind < _count && FileIds.PlaceOf(_read[behind].Id) >> FileIds.TurnBits < end)
                behind++;
            bool isUnknown = NameBucketTable.MarkOf(directory, NameBucketTable.Reverse(from)) == BucketMark.Unknown;
            if (isUnknown && !_entries.Install(directory, from, _room, new ReadOnlySpan<StoredRecord>(_read + next, behind - next)))
                break;
            next = behind;
            from = end;
        }
        if (from == start)
        {
            MarkUnknown(directory, from, read == RecordRead.Failed ? BucketMark.Unreadable : BucketMark.NoMemory);
            if (read == RecordRead.Failed)
                ReportUnreadable(directory);
        }
        _entries.NoteCount(directory);
    }

    private void MarkUnknown(Inode* directory, uint ordered, BucketMark mark)
    {
        uint hash = NameBucketTable.Reverse(ordered);
        if (NameBucketTable.MarkOf(directory, hash) == BucketMark.Unknown)
            _entries.Mark(directory, hash, mark);
    }

    private static void ReportUnreadable(Inode* directory)
    {
        Span<byte> buffer = stackalloc byte[120];
        var line = new Utf8Writer(buffer);
        line.Append("files: names in directory "u8);
        line.AppendDecimal(directory->Number);
        line.Append(" cannot be read"u8);
        KernelLog.Line(line.Written);
    }

    private RecordRead ReadInode(ObjectTracker group, ulong number)
    {
        Clear();
        ObjectId after = new(FileIds.OfFile(number, FilePart.Inode).Value - 1);
        ObjectId last = FileIds.OfFile(number, FilePart.TargetTail);
        RecordRead read = ReadRange(group, after, last, (int)FilePart.TargetTail + 1);
        return read == RecordRead.Failed ? ReadParts(group, number) : RecordRead.Ok;
    }

    // What cannot be read may be the next file's.
    private RecordRead ReadParts(ObjectTracker group, ulong number)
    {
        Clear();
        for (FilePart part = FilePart.Inode; part <= FilePart.TargetTail; part++)
        {
            var room = new Span<byte>(_room + _used, (RoomPages * PageSize.Bytes) - _used);
            RecordRead read = _records.Read(group, FileIds.OfFile(number, part), room, out StoredRecord record);
            if (read == RecordRead.Failed)
                return read;
            if (read == RecordRead.Ok)
                Keep(ref record);
        }
        return RecordRead.Ok;
    }

    private void Keep(ref StoredRecord record)
    {
        record.Start += _used;
        _used = record.Start + record.Length;
        _read[_count++] = record;
    }

    // Those from a hash to before another, in the order of places.
    private RecordRead ReadNames(ObjectTracker group, ulong directory, uint from, uint end, bool isListing)
    {
        Clear();
        ObjectId after = new(FileIds.OfName(directory, from << FileIds.TurnBits).Value - 1);
        ObjectId last = FileIds.OfName(directory, (end << FileIds.TurnBits) - 1);
        RecordRead read = ReadRange(group, after, last, isListing ? MostRecords : RecordsOfLookup);
        // What cannot be read may be far behind what was asked for.
        if (read == RecordRead.Failed && _count == 0)
            return read;
        // What is before the hash of the last one is known as a whole.
        _end = read == RecordRead.End ? end : FileIds.PlaceOf(_read[_count - 1].Id) >> FileIds.TurnBits;
        return read == RecordRead.Failed ? read : RecordRead.Ok;
    }

    private void Clear() => _count = _used = 0;

    // Ok when there may be more, End when there is not. Whoever runs while this waits pays for himself.
    private RecordRead ReadRange(ObjectTracker group, ObjectId after, ObjectId last, int most)
    {
        _state.Pages.Accounts.Leave();
        var room = new Span<byte>(_room, RoomPages * PageSize.Bytes);
        return _records.ReadRange(group, after, last, room, new Span<StoredRecord>(_read, most), out _count);
    }
}
