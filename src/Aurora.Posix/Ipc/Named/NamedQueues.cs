using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Ipc;

/// <summary>Finds, makes, removes and ends POSIX message queues.</summary>
public sealed unsafe class NamedQueues : QueueKeeper
{
    // A queue that is removed is one of a step.
    private const int QueuesPerStep = 256;

    // FNV-1a (Fowler, Noll, Vo); zero is the key of what has none.
    private const uint HashBasis = 2166136261;
    private const uint HashPrime = 16777619;

    private readonly IpcState _state;
    private readonly FileServices _files;
    private readonly IpcWaiters _waiters;
    private readonly Messages _messages;
    private readonly QueueNotices _notices;

    internal NamedQueues(IpcState state, FileServices files, IpcWaiters waiters, Messages messages, QueueNotices notices)
    {
        _state = state;
        _files = files;
        _waiters = waiters;
        _messages = messages;
        _notices = notices;
        Users = new QueueUsers(state.Pages);
    }

    internal QueueUsers Users { get; }

    /// <summary>What a name can be: Ok, ENOENT, EACCES or ENAMETOOLONG.</summary>
    public static Errno CheckName(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            return Errno.ENOENT;
        if (name.SequenceEqual("."u8) || name.SequenceEqual(".."u8) || name.Contains((byte)'/'))
            return Errno.EACCES;
        return name.Length > DirectoryEntry.MaxNameBytes ? Errno.ENAMETOOLONG : Errno.Ok;
    }

    /// <summary>The queue with a name, or null.</summary>
    public static NamedQueue* Find(IpcSpace* space, ReadOnlySpan<byte> name)
    {
        if (space == null)
            return null;
        int key = HashOf(name);
        IpcObject* found = IpcIds.FindKey(&space->Named, key);
        while (found != null && (found->Ipc.Key != key || !((NamedQueue*)found)->Name.SequenceEqual(name)))
            found = found->Ipc.NextOfKey;
        return (NamedQueue*)found;
    }

    /// <summary>The key of a name.</summary>
    internal static int HashOf(ReadOnlySpan<byte> name)
    {
        uint hash = HashBasis;
        foreach (byte each in name)
            hash = (hash ^ each) * HashPrime;
        return hash == 0 ? 1 : (int)hash;
    }

    /// <summary>
    /// Makes a queue of a size, or of the usual one, with a name that is valid and free; the mode is complete. Ok, ENOSPC, EINVAL, EMFILE
    /// or ENOMEM, in Linux's order.
    /// </summary>
    public Errno Make(
        in FileCaller caller, ObjectTracker group, ReadOnlySpan<byte> name, uint mode, NamedQueueSize? wanted, out NamedQueue* queue)
    {
        queue = null;
        IpcSpace* space = _state.Make(group);
        if (space == null)
            return Errno.ENOMEM;
        bool isPrivileged = caller.Has(Capability.SysResource);
        NamedQueueSize size = wanted ?? NamedQueueSize.Default(in space->NamedSettings);
        if ((space->NamedCount >= space->NamedSettings.QueuesMax && !isPrivileged) || space->NamedCount >= IpcTable.MaxObjects)
            return Errno.ENOSPC;
        if (!size.IsAllowed(in space->NamedSettings, isPrivileged))
            return Errno.EINVAL;
        queue = _state.Named.Allocate();
        if (queue == null)
            return Errno.ENOMEM;
        queue->MostMessages = (int)size.MostMessages;
        queue->MostBytes = (int)size.MostBytes;
        queue->User = caller.Credentials->RealUid;
        queue->SetName(name);
        Errno error = Publish(in caller, group, space, queue, mode);
        if (error == Errno.Ok)
            return Errno.Ok;
        _state.Named.Free(queue);
        queue = null;
        return error;
    }

    /// <summary>Ok, or EPERM: the directory is everybody's to write, and sticky.</summary>
    public static Errno MayRemove(in FileCaller caller, NamedQueue* queue)
        => caller.Uid == queue->Inode->Uid || caller.Uid == 0 || caller.Has(Capability.FileOwner) ? Errno.Ok : Errno.EPERM;

    /// <summary>Takes the name of a queue away: it lives on as long as somebody has it open.</summary>
    public void Unlink(NamedQueue* queue)
    {
        IpcSpace* space = _state.Of(&queue->Header);
        Inode* inode = queue->Inode;
        _state.Ids.Remove(&space->Named, (IpcObject*)queue);
        queue->IsNamed = false;
        _state.Tracked.MarkChanged(&queue->Header);
        NamesChanged(space);
        _files.Stamps.TouchStatus(inode);
        _files.Inodes.Release(inode);
    }

    /// <summary>Ends queues of a group that ends, which nobody has open, some of them; true when none is left.</summary>
    internal bool EndSome(IpcSpace* space)
    {
        for (int left = QueuesPerStep; left > 0; left--)
        {
            var queue = (NamedQueue*)IpcIds.Next(&space->Named, 0);
            if (queue == null)
                return space->NamedCount == 0;
            Unlink(queue);
        }
        return false;
    }

    /// <summary>Goes on with a queue that ends, for so many parts of messages, or a little more; a queue counts as one.</summary>
    internal void EndStep(NamedQueue* queue, ref int left)
    {
        left--;
        while (left > 0 && queue->Messages.First != null)
        {
            Message* message = queue->Messages.Take();
            left -= Message.PartsFor(message->Bytes);
            message->Named = null;
            _messages.End(message);
        }
        if (queue->Messages.First != null)
            return;
        _state.ForgetEnding((IpcObject*)queue);
        Free(queue);
    }

    /// <inheritdoc/>
    public override Inode* Find(ushort group, ReadOnlySpan<byte> name)
    {
        NamedQueue* found = Find(SpaceOf(group), name);
        return found == null ? null : found->Inode;
    }

    /// <inheritdoc/>
    public override int Next(ushort group, int index, Span<byte> name, out int nameLength)
    {
        nameLength = 0;
        IpcSpace* space = SpaceOf(group);
        var found = (NamedQueue*)(space == null ? null : IpcIds.Next(&space->Named, index));
        if (found == null)
            return -1;
        found->Name.CopyTo(name);
        nameLength = found->NameLength;
        return found->Ipc.Index;
    }

    /// <inheritdoc/>
    public override ulong NumberAt(ushort group, int index)
    {
        IpcSpace* space = SpaceOf(group);
        var found = (NamedQueue*)(space == null ? null : IpcIds.At(&space->Named, index));
        return found == null ? 0 : found->Inode->Number;
    }

    /// <inheritdoc/>
    public override int CountOf(ushort group, out long changeTime)
    {
        IpcSpace* space = SpaceOf(group);
        changeTime = space == null ? 0 : space->NamesChanged;
        return space == null ? 0 : space->Named.Count;
    }

    /// <inheritdoc/>
    public override Errno Make(in FileCaller caller, ushort group, ReadOnlySpan<byte> name, uint mode, out Inode* inode)
    {
        inode = null;
        Errno error = Make(in caller, _state.Tracked.OfGroup(group), name, mode, null, out NamedQueue* queue);
        if (error != Errno.Ok)
            return error;
        inode = queue->Inode;
        _files.Inodes.Hold(inode);
        return Errno.Ok;
    }

    /// <inheritdoc/>
    public override Errno Remove(in FileCaller caller, ushort group, ReadOnlySpan<byte> name)
    {
        NamedQueue* queue = Find(SpaceOf(group), name);
        Errno error = queue == null ? Errno.ENOENT : MayRemove(in caller, queue);
        if (error == Errno.Ok)
            Unlink(queue);
        return error;
    }

    /// <inheritdoc/>
    public override void Closed(Inode* inode, ObjectId table)
    {
        NamedQueue* queue = inode->Queue;
        if (queue != null && queue->Notice.IsThere && _notices.IsOwners(queue, table))
            _notices.End(queue);
    }

    /// <inheritdoc/>
    public override void Ended(Inode* inode)
    {
        NamedQueue* queue = inode->Queue;
        if (queue == null)
            return;
        Panic.Unless(!queue->IsNamed, "ipc: the file of a queue ended that has a name"u8);
        // Who waits has it open, unless his process ends and has closed it first.
        while (queue->Receivers.First != null || queue->Senders.First != null)
        {
            IpcWaiter* waiter = queue->Receivers.First != null ? queue->Receivers.First : queue->Senders.First;
            _waiters.Wake(waiter);
            _waiters.End(waiter->Thread);
        }
        inode->Queue = null;
        queue->Inode = null;
        queue->Notice = default;
        Users.Remove(_state.Of(&queue->Header), queue);
        _state.Tracked.MarkChanged(&queue->Header);
        // Whoever closes may close many: what is in them waits for a step of its own.
        if (queue->Messages.First == null)
            Free(queue);
        else
            _state.PutOff((IpcObject*)queue);
    }

    /// <summary>A restored queue has its file, and its name if it has one.</summary>
    internal RestoreStatus Restore(NamedQueue* queue, Inode* inode)
    {
        IpcSpace* space = _state.Of(&queue->Header);
        if (space == null)
            return RestoreStatus.MissingReference;
        if (!inode->IsQueue || inode->Queue != null || (queue->IsNamed && IsTaken(space, queue)))
            return RestoreStatus.BadRecord;
        if (!Users.Add(space, queue) || (queue->IsNamed && !_state.Ids.Restore(&space->Named, (IpcObject*)queue)))
            return RestoreStatus.OutOfMemory;
        queue->Inode = inode;
        inode->Queue = queue;
        if (queue->IsNamed)
            _files.Inodes.Hold(inode);
        return RestoreStatus.Ok;
    }

    private void Free(NamedQueue* queue)
    {
        _state.Tracked.Remove(&queue->Header);
        _state.Named.Free(queue);
    }

    private static bool IsTaken(IpcSpace* space, NamedQueue* queue)
        => IpcIds.At(&space->Named, queue->Ipc.Index) != null || Find(space, queue->Name) != null;

    private IpcSpace* SpaceOf(ushort group) => _state.Of(_state.Tracked.OfGroup(group));

    // Charges it to its user, and gives it its file and its place.
    private Errno Publish(in FileCaller caller, ObjectTracker group, IpcSpace* space, NamedQueue* queue, uint mode)
    {
        ulong limit = caller.Thread->Process->Limits.Soft(Resource.MessageQueueBytes);
        if (QueueUsers.BytesOf(space, queue->User) + queue->ChargedBytes > limit)
            return Errno.EMFILE;
        if (!Users.Add(space, queue))
            return Errno.ENOMEM;
        Inode* inode = _files.Inodes.Create(group, InodeMode.Regular | mode, caller.Uid, caller.Gid);
        queue->Ipc.Key = HashOf(queue->Name);
        if (inode == null || !_state.Ids.Add(&space->Named, (IpcObject*)queue))
        {
            _files.Inodes.Release(inode);
            Users.Remove(space, queue);
            return Errno.ENOMEM;
        }
        inode->Flags = InodeFlags.NamedQueue;
        inode->Size = NamedQueue.FileBytes;
        inode->Queue = queue;
        queue->Inode = inode;
        queue->IsNamed = true;
        group.Register(&queue->Header, ObjectKind.NamedQueue);
        NamesChanged(space);
        return Errno.Ok;
    }

    private void NamesChanged(IpcSpace* space)
    {
        space->NamesChanged = _files.Stamps.NowOf(_state.Tracked.Of(&space->Header));
        _state.Tracked.MarkChanged(&space->Header);
    }
}
