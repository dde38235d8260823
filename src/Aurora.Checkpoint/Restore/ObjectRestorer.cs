// Rebuilds a group's kernel objects from their records in passes: Create all, read what of files they refer to, Link all, Finish all (see
// StateCodec). Each pass goes through the records anew, so that they need not all be in memory beside the objects; files and names, which
// come behind all other records (FileIds), are read as somebody refers to them (FileLoader). Records are input: an unknown kind, a short
// record or a codec's refusal ends the restore with the object named.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>How much of a state a restore brings back.</summary>
public enum RestoreScope : byte
{
    /// <summary>All of it; an object whose kind nobody knows is refused.</summary>
    Whole,

    /// <summary>
    /// For host tools: objects whose kind has no codec are left alone, and those that only processes own: they may refer to what was left
    /// alone.
    /// </summary>
    KnownKinds,

    /// <summary>Files and settings, for a group that begins with the files of another: the records of all else end.</summary>
    Files,
}

/// <summary>Restores records through the codecs.</summary>
public sealed unsafe class ObjectRestorer(CodecTable codecs, UserAccounts accounts, FiberScheduler fibers, FileLoader files)
{
    // Records between two looks at whether it is time to give way.
    private const int RecordsPerLook = 16;

    private enum Phase
    {
        Create,
        Load,
        Link,
        Finish,
    }

    /// <summary>Runs all passes; on failure the result names the object, or says why the store could not be read. Blocks.</summary>
    public RestoreResult Restore(ObjectTracker group, RecordSource records, RestoreScope scope)
    {
        RestoreResult result = Run(Phase.Create, group, records, scope);
        if (result.IsOk)
            result = Run(Phase.Load, group, records, scope);
        if (result.IsOk)
            result = Run(Phase.Link, group, records, scope);
        if (result.IsOk)
            result = Run(Phase.Finish, group, records, scope);
        return result;
    }

    private RestoreResult Run(Phase phase, ObjectTracker group, RecordSource records, RestoreScope scope)
    {
        records.Rewind();
        for (int read = 1; ; read++)
        {
            StoreStatus found = records.Next(out ObjectId id, out ReadOnlySpan<byte> record);
            if (found == StoreStatus.NotFound)
                return default;
            if (found == StoreStatus.TooLong)
                return new RestoreResult { Fault = new RestoreFault { Id = id, Status = RestoreStatus.BadRecord } };
            if (found == StoreStatus.Ok && FileIds.IsOnDemand(id))
                return default;
            if (found != StoreStatus.Ok)
                return new RestoreResult { Store = found };
            RestoreStatus status = Apply(phase, group, scope, id, record, out ObjectKind kind);
            accounts.Leave();
            if (status != RestoreStatus.Ok)
                return new RestoreResult { Fault = new RestoreFault { Id = id, Status = status, Kind = kind } };
            if (read % RecordsPerLook == 0)
                fibers.GiveWay();
        }
    }

    private RestoreStatus Apply(
        Phase phase, ObjectTracker group, RestoreScope scope, ObjectId id, ReadOnlySpan<byte> record, out ObjectKind kind)
    {
        kind = ObjectKind.None;
        bool isWhole = RecordHeader.TryRead(record, out RecordHeader header, out uint user, out ReadOnlySpan<byte> payload);
        kind = header.Kind;
        if (!isWhole || id.IsNone)
            return RestoreStatus.BadRecord;
        StateCodec? codec = codecs.Find(kind);
        if (scope == RestoreScope.Files && !IsOfFiles(kind))
            return phase != Phase.Create || group.EndUnread(id) ? RestoreStatus.Ok : RestoreStatus.OutOfMemory;
        if (scope == RestoreScope.KnownKinds && (codec is null || IsOwnedByProcesses(kind)))
            return RestoreStatus.Ok;
        if (codec is null)
            return RestoreStatus.UnknownVersion;
        accounts.Enter(user, isPrivileged: true);
        if (phase == Phase.Create)
            return Create(codec, group, id, header.Version, payload);
        if (phase == Phase.Load)
            return Load(codec, group, payload);
        ObjectHeader* live = group.Find(id, kind);
        if (live == null)
            return RestoreStatus.MissingReference;
        return phase == Phase.Link ? codec.Link(group, live, payload) : codec.Finish(group, live);
    }

    private static RestoreStatus Create(StateCodec codec, ObjectTracker group, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (group.Find(id) != null)
            return RestoreStatus.BadRecord;
        RestoreStatus status = codec.Create(group, id, version, payload);
        return status == RestoreStatus.Ok && !group.HasRoomToEnd ? RestoreStatus.OutOfMemory : status;
    }

    // What does not exist is missed when it is linked, if it must exist.
    [SkipLocalsInit]
    private RestoreStatus Load(StateCodec codec, ObjectTracker group, ReadOnlySpan<byte> payload)
    {
        Span<ObjectId> ids = stackalloc ObjectId[StateCodec.MostReferences];
        int count = codec.References(payload, ids);
        RestoreStatus status = RestoreStatus.Ok;
        for (int i = 0; i < count && status == RestoreStatus.Ok; i++)
        {
            if (FileIds.IsFile(ids[i]))
                status = files.LoadReferenced(group, ids[i]);
        }
        return status;
    }

    internal static bool IsOfFiles(ObjectKind kind)
        => kind is ObjectKind.Group or ObjectKind.MemoryObject or ObjectKind.Inode or ObjectKind.DirectoryEntry or ObjectKind.FormerName
            or ObjectKind.SymbolicLinkTail or ObjectKind.ExtendedAttributes or ObjectKind.MachineSettings or ObjectKind.FileTree;

    private static bool IsOwnedByProcesses(ObjectKind kind)
        => kind is ObjectKind.OpenFile or ObjectKind.DescriptorTable or ObjectKind.DescriptorChunk or ObjectKind.FileContext
            or ObjectKind.FileLock or ObjectKind.AddressSpace or ObjectKind.Mapping or ObjectKind.EventCounter
            or ObjectKind.TimerFile or ObjectKind.SignalFile or ObjectKind.ProcessHandle or ObjectKind.EventPoll or ObjectKind.EventWatch
            or ObjectKind.Inotify or ObjectKind.InotifyWatch or ObjectKind.InotifyEvent
            or ObjectKind.Socket or ObjectKind.SocketMessage or ObjectKind.SocketRights
            || IsOfIpc(kind);

    private static bool IsOfIpc(ObjectKind kind)
        => kind is ObjectKind.IpcSpace or ObjectKind.SharedSegment or ObjectKind.IpcWaiter or ObjectKind.MessageQueue or ObjectKind.Message
            or ObjectKind.NamedQueue or ObjectKind.SemaphoreSet or ObjectKind.SemaphoreBlock or ObjectKind.SemaphoreUndo;
}
