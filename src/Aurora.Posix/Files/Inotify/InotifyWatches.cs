// Making, changing and ending of instances and watches. Watches end with their instance, when they are removed, and with their inode: then
// its name and its last use have gone, or, of what never had a name, the last use. Where there are many of them they go some at a time.
// Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Instances of inotify and what they watch.</summary>
public sealed unsafe class InotifyWatches
{
    private readonly FileState _state;
    private readonly ThreadWaker _waker;
    private readonly InotifyQueue _queue;
    private readonly ProcessInformation _information;

    internal InotifyWatches(FileState state, ThreadWaker waker, InotifyQueue queue, ProcessInformation information)
    {
        _information = information;
        _state = state;
        _waker = waker;
        _queue = queue;
    }

    /// <summary>Instances, watches and unread events there are.</summary>
    public int InstanceCount => _state.Inotifies.Count;
    public int Count => _state.InotifyWatches.Count;
    public int EventCount => _state.InotifyEvents.Count;

    /// <summary>The instance that an open file is; null when it is something else.</summary>
    public static Inotify* Of(OpenFile* file) => file->Kind == FileKind.Inotify ? (Inotify*)file->Attachment : null;

    /// <summary>An instance without a file: EMFILE when the user has as many as he may, ENOMEM.</summary>
    internal Errno Create(ObjectTracker tracker, uint uid, out Inotify* instance)
    {
        InotifyUser* user = UserOf(_state.FindNamespace(tracker), uid);
        instance = null;
        int instances = user == null ? 0 : user->Instances;
        if (instances >= LimitOf(tracker.Index, InotifyLimit.Instances))
            return Errno.EMFILE;
        instance = _state.Inotifies.Allocate();
        if (instance == null)
            return Errno.ENOMEM;
        instance->Uid = uid;
        instance->Capacity = (uint)LimitOf(tracker.Index, InotifyLimit.QueuedEvents);
        instance->NextNumber = 1;
        if (!Enter(tracker, instance))
        {
            _state.Inotifies.Free(instance);
            instance = null;
            return Errno.ENOMEM;
        }
        tracker.Register(&instance->Header, ObjectKind.Inotify);
        return Errno.Ok;
    }

    /// <summary>A new or restored instance is counted for its user; false when there is no memory.</summary>
    internal bool Enter(ObjectTracker tracker, Inotify* instance)
    {
        Namespace* tree = _state.FindNamespace(tracker);
        InotifyUser* user = UserOf(tree, instance->Uid);
        if (user == null)
        {
            user = _state.InotifyUsers.Allocate();
            if (user == null)
                return false;
            user->Uid = instance->Uid;
            user->Next = tree->FirstInotifyUser;
            tree->FirstInotifyUser = user;
        }
        user->Instances++;
        instance->User = user;
        return true;
    }

    /// <summary>Makes an instance the one of an open file; false when it has another.</summary>
    internal static bool Attach(OpenFile* file)
    {
        var instance = (Inotify*)file->Attachment;
        if (instance == null || instance->Header.Kind != ObjectKind.Inotify || instance->File != null)
            return false;
        instance->File = file;
        instance->Header.References = 1;
        return true;
    }

    /// <summary>Ends an instance that watches nothing and has no events.</summary>
    internal void End(Inotify* instance)
    {
        Panic.Unless(instance->Tree == null && !instance->HasEvents, "inotify: ended an instance that watches"u8);
        _waker.WakeAll(&instance->Readable);
        InotifyUser* user = instance->User;
        if (--user->Instances == 0)
            Forget(user, _state.NamespaceOf(&instance->Header));
        _state.TrackerOf(&instance->Header).Remove(&instance->Header);
        _state.Inotifies.Free(instance);
    }

    /// <summary>
    /// Ends the watches and events of an instance that is being closed, each one of <paramref name="left"/>; false when there are more.
    /// </summary>
    internal bool ReleaseSome(OpenFile* file, ref int left)
    {
        Inotify* instance = Of(file);
        while (instance != null && (instance->Tree != null || instance->HasEvents))
        {
            if (left-- <= 0)
                return false;
            if (instance->Tree != null)
                Remove(instance->Tree);
            else
                _queue.RemoveFirst(instance);
        }
        return true;
    }

    /// <summary>The watch with a number, or null.</summary>
    public static InotifyWatch* Find(Inotify* instance, int number) => InotifyTree.Find(instance->Tree, number);

    /// <summary>The watch that an instance has of an inode, or null.</summary>
    internal static InotifyWatch* Find(Inotify* instance, Inode* inode)
    {
        InotifyWatch* watch = inode->FirstWatch;
        while (watch != null && watch->Instance != instance)
            watch = watch->NextOfInode;
        return watch;
    }

    /// <summary>
    /// inotify_add_watch, of a mask that has been checked: watches an inode, or changes how it is watched. EEXIST, if it is and must not
    /// be; ENOSPC when the user has as many watches as he may; ENOMEM.
    /// </summary>
    public Errno Add(Inotify* instance, Inode* inode, uint mask, out int number)
    {
        InotifyWatch* watch = Find(instance, inode);
        number = watch == null ? 0 : watch->Number;
        if (watch != null && (mask & InotifyMask.MaskCreate) != 0)
            return Errno.EEXIST;
        if (watch == null)
            return AddNew(instance, inode, mask, out number);
        uint kept = (mask & InotifyMask.MaskAdd) != 0 ? watch->Mask : 0;
        watch->Mask = kept | (mask & InotifyMask.OfWatch);
        _state.MarkChanged(&watch->Header);
        return Errno.Ok;
    }

    private Errno AddNew(Inotify* instance, Inode* inode, uint mask, out int number)
    {
        number = 0;
        ulong refusals = _state.Pages.Accounts.Refusals;
        bool isFull = instance->User->Watches >= LimitOf(instance->Header.Group, InotifyLimit.Watches)
            || _state.InotifyWatches.Count >= _state.InotifyWatches.Limit;
        InotifyWatch* watch = isFull ? null : _state.InotifyWatches.AllocateFor(instance);
        if (watch == null)
            return isFull || refusals != _state.Pages.Accounts.Refusals ? Errno.ENOSPC : Errno.ENOMEM;
        watch->Number = number = TakeNumber(instance);
        watch->Mask = mask & InotifyMask.OfWatch;
        _state.TrackerOf(&instance->Header).Register(&watch->Header, ObjectKind.InotifyWatch);
        Join(instance, inode, watch);
        return Errno.Ok;
    }

    // Numbers are not given again before all others have been, as on Linux.
    private int TakeNumber(Inotify* instance)
    {
        int number = instance->NextNumber;
        while (InotifyTree.Find(instance->Tree, number) != null)
            number = NumberAfter(number);
        instance->NextNumber = NumberAfter(number);
        _state.MarkChanged(&instance->Header);
        return number;
    }

    private static int NumberAfter(int number) => number == int.MaxValue ? 1 : number + 1;

    /// <summary>Ends a watch and says so in the queue.</summary>
    public void End(InotifyWatch* watch)
    {
        _queue.Append(watch->Instance, watch->Number, InotifyMask.Ignored, 0, default);
        Remove(watch);
    }

    /// <summary>
    /// An inode that nobody uses ends: those who watch it are told that it has been deleted, if it ever had a name, and that their watches
    /// end, each one of <paramref name="left"/>. False when there are more.
    /// </summary>
    internal bool EndSome(Inode* inode, ref int left)
    {
        bool isDeleted = (inode->Flags & (InodeFlags.Anonymous | InodeFlags.AnonymousFile | InodeFlags.Terminal)) == 0;
        for (; inode->FirstWatch != null; left--)
        {
            if (left <= 0)
                return false;
            InotifyWatch* watch = inode->FirstWatch;
            if (isDeleted && (watch->Mask & InotifyMask.DeleteSelf) != 0)
                _queue.Append(watch->Instance, watch->Number, InotifyMask.DeleteSelf, 0, default);
            End(watch);
        }
        return true;
    }

    /// <summary>A watch has been read from a record; false when its instance has one with its number, or of the same inode.</summary>
    internal bool Restore(Inotify* instance, Inode* inode, InotifyWatch* watch)
    {
        if (InotifyTree.Find(instance->Tree, watch->Number) != null || Find(instance, inode) != null)
            return false;
        Join(instance, inode, watch);
        return true;
    }

    private static void Join(Inotify* instance, Inode* inode, InotifyWatch* watch)
    {
        watch->Instance = instance;
        watch->Inode = inode;
        InotifyTree.Insert(&instance->Tree, watch);
        instance->WatchCount++;
        instance->User->Watches++;
        watch->NextOfInode = inode->FirstWatch;
        if (inode->FirstWatch != null)
            inode->FirstWatch->PreviousOfInode = watch;
        inode->FirstWatch = watch;
        if (inode->IsProc)
            inode->Header.References++;
    }

    private void Remove(InotifyWatch* watch)
    {
        Inotify* instance = watch->Instance;
        Inode* inode = watch->Inode;
        InotifyTree.Remove(&instance->Tree, watch);
        instance->WatchCount--;
        instance->User->Watches--;
        if (watch->NextOfInode != null)
            watch->NextOfInode->PreviousOfInode = watch->PreviousOfInode;
        if (watch->PreviousOfInode != null)
            watch->PreviousOfInode->NextOfInode = watch->NextOfInode;
        else
            inode->FirstWatch = watch->NextOfInode;
        _state.TrackerOf(&watch->Header).Remove(&watch->Header);
        _state.InotifyWatches.Free(watch);
        if (!inode->IsProc)
            return;
        inode->Header.References--;
        _state.PutOffIfUnused(inode);
    }

    private int LimitOf(ushort group, InotifyLimit limit) => _information.InotifyLimitOf(group, limit);

    private static InotifyUser* UserOf(Namespace* tree, uint uid)
    {
        InotifyUser* user = tree->FirstInotifyUser;
        while (user != null && user->Uid != uid)
            user = user->Next;
        return user;
    }

    private void Forget(InotifyUser* user, Namespace* tree)
    {
        InotifyUser** link = &tree->FirstInotifyUser;
        while (*link != user)
            link = &(*link)->Next;
        *link = user->Next;
        _state.InotifyUsers.Free(user);
    }
}
