// Path resolution. A walk that needs a name or a file that is not in memory asks for it and ends, with the answer that its caller waits for
// it; it is then begun again from the start (NameRequests). Two scratch pages take turns as the text still to be walked: a symbolic link's
// target and the rest of the path are put together in the other one.
//
// A walk is one stretch, in which no other thread and no fiber runs: nothing that was in memory before it ends or leaves it
// (NameReclaim). So only nodes of /proc, which are made for who asks, are held on the way; what it leads to is held for the caller.
// Directories and links that were passed are noted as used.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Follows paths. Inodes it hands out are held; the caller releases them. Each component passes through here: what it does for
/// all of them is small, and in line.</summary>
public sealed unsafe class PathWalks(FileState state, Inodes inodes, ProcFileSystem proc, NameTable names)
{
    /// <summary>The longest path, without its NUL.</summary>
    public const int MaxPathBytes = 4095;

    private const int MaxLinks = 40;

    /// <summary>The state of one walk.</summary>
    private ref struct Walker
    {
        public Inode* Current;
        public Inode* Root;

        /// <summary>Where all of it is: nothing leads from one group's tree into another's.</summary>
        public FileTree* Tree;
        public ReadOnlySpan<byte> Rest;
        public WalkFlags Flags;
        public int Links;
        public bool UsesSecondPage;

        /// <summary>The walk holds Current.</summary>
        public bool IsHeld;
    }

    /// <summary>
    /// Follows a path from <paramref name="start"/> (relative) or the caller's root (absolute). On success the result must be released;
    /// on failure there is nothing to release. An empty path is ENOENT.
    /// </summary>
    public Errno Walk(in FileCaller caller, Inode* start, ReadOnlySpan<byte> path, WalkFlags flags, out WalkResult result)
    {
        WalkResult.Clear(out result);
        if (path.IsEmpty)
            return Errno.ENOENT;
        if (path.Length > MaxPathBytes)
            return Errno.ENAMETOOLONG;
        var walker = new Walker
        {
            Current = start,
            Root = (flags & (WalkFlags.InRoot | WalkFlags.Beneath)) != 0 ? start : caller.Context->Root,
            Tree = state.NamespaceOf(&start->Header)->Tree,
            Rest = path,
            Flags = flags,
        };
        Errno error = path[0] == '/' ? StartAtRoot(ref walker, isArgument: true) : Errno.Ok;
        if (error == Errno.Ok)
            error = Run(in caller, ref walker, ref result);
        if (walker.IsHeld)
            inodes.Release(walker.Current);
        return error;
    }

    /// <summary>Follows a path to an existing file, which is returned held.</summary>
    public Errno Resolve(in FileCaller caller, Inode* start, ReadOnlySpan<byte> path, WalkFlags flags, out Inode* inode)
        => Resolve(in caller, start, path, flags, out inode, out _);

    /// <summary>As above, with the name that led to it, until any name changes; null when none did.</summary>
    [SkipLocalsInit]
    public Errno Resolve(
        in FileCaller caller, Inode* start, ReadOnlySpan<byte> path, WalkFlags flags, out Inode* inode, out DirectoryEntry* name)
    {
        Errno error = Walk(in caller, start, path, (flags & ~WalkFlags.AllowMissing) | WalkFlags.FileOnly, out WalkResult result);
        inode = result.Inode;
        name = result.Entry;
        return error;
    }

    /// <summary>What readlink shows. The text is valid until the next walk.</summary>
    public Errno ReadTarget(Inode* link, in FileCaller caller, out ReadOnlySpan<byte> target)
    {
        if (!link->IsProc)
        {
            target = Inodes.TargetOf(link);
            return Errno.Ok;
        }
        var buffer = new Span<byte>(state.Scratch, PageSize.Bytes);
        Errno error = proc.ReadTarget(link, in caller, buffer, out int length);
        target = buffer[..length];
        return error;
    }

    // The argument itself may begin anywhere; a link that leads to the root may lead out of the file system that it is in.
    private Errno StartAtRoot(ref Walker walker, bool isArgument)
    {
        if ((walker.Flags & WalkFlags.Beneath) != 0)
            return Errno.EXDEV;
        if (!isArgument && IsCrossing(in walker, walker.Root))
            return Errno.EXDEV;
        MoveTo(ref walker, walker.Root, isHeld: false);
        return Errno.Ok;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsCrossing(in Walker walker, Inode* next)
        => (walker.Flags & WalkFlags.NoCrossing) != 0 && next->FileSystem != walker.Current->FileSystem;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MoveTo(ref Walker walker, Inode* next, bool isHeld)
    {
        if (walker.IsHeld)
            inodes.Release(walker.Current);
        walker.Current = next;
        walker.IsHeld = isHeld;
        next->IsIdle = false;
    }

    // One turn per component. The name of the last one goes into the result before it is followed, so that it is still known when a
    // final link leads to a name that does not exist.
    private Errno Run(in FileCaller caller, ref Walker walker, ref WalkResult result)
    {
        while (true)
        {
            ReadOnlySpan<byte> component = NextComponent(ref walker, out bool isLast, out bool hasSlash);
            if (component.IsEmpty)
                return FinishAt(ref walker, ref result, LastComponent.Root, hasSlash);
            if (!walker.Current->IsDirectory)
                return Errno.ENOTDIR;
            Errno error = Permissions.CheckSearch(walker.Current, in caller);
            if (error != Errno.Ok)
                return error;
            if (component.Length > DirectoryEntry.MaxNameBytes)
                return Errno.ENAMETOOLONG;
            if (component[0] == '.' && (component.Length == 1 || (component.Length == 2 && component[1] == '.')))
            {
                error = component.Length == 2 ? Climb(in caller, ref walker) : Errno.Ok;
                if (error != Errno.Ok)
                    return error;
                if (isLast)
                    return FinishAt(ref walker, ref result, component.Length == 2 ? LastComponent.DotDot : LastComponent.Dot, hasSlash);
                continue;
            }
            error = Descend(in caller, ref walker, ref result, component, isLast, hasSlash, out bool isDone);
            if (error != Errno.Ok || isDone)
                return error;
        }
    }

    // The slashes behind it stay in the rest, which may be put behind the target of a link.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ReadOnlySpan<byte> NextComponent(ref Walker walker, out bool isLast, out bool hasSlash)
    {
        ref byte text = ref MemoryMarshal.GetReference(walker.Rest);
        int length = walker.Rest.Length;
        int start = 0;
        while (start < length && Unsafe.Add(ref text, start) == '/')
            start++;
        int end = start;
        while (end < length && Unsafe.Add(ref text, end) != '/')
            end++;
        int next = end;
        while (next < length && Unsafe.Add(ref text, next) == '/')
            next++;
        isLast = next == length;
        hasSlash = next != end || start == length;
        // SAFETY: start and end are within the rest.
        walker.Rest = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref text, end), length - end);
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref text, start), end - start);
    }

    private Errno Descend(
        in FileCaller caller, ref Walker walker, ref WalkResult result, scoped ReadOnlySpan<byte> name, bool isLast, bool hasSlash,
        out bool isDone)
    {
        isDone = false;
        if (isLast)
            BeginLast(in walker, ref result, name, hasSlash);
        Errno error = Child(in walker, name, in caller, out Inode* child, out bool isHeld, ref result);
        if (error != Errno.Ok)
            return error;
        if (child == null)
        {
            if (!isLast || (walker.Flags & WalkFlags.AllowMissing) == 0 || walker.Current->IsOrphan)
                return Errno.ENOENT;
            return Complete(ref walker, ref result, null, isHeld: true, out isDone);
        }
        if (IsCrossing(in walker, child))
            error = Errno.EXDEV;
        else if (child->IsSymbolicLink && (!isLast || FollowsLast(in walker, in result)))
            error = Follow(in caller, ref walker, ref result, child, isLast, out isDone);
        else if (!isLast)
        {
            MoveTo(ref walker, child, isHeld);
            return Errno.Ok;
        }
        else if (!result.HasTrailingSlash || child->IsDirectory || (walker.Flags & WalkFlags.Name) != 0)
            return Complete(ref walker, ref result, child, isHeld, out isDone);
        else
            error = Errno.ENOTDIR;
        if (isHeld)
            inodes.Release(child);
        return error;
    }

    private static bool FollowsLast(in Walker walker, in WalkResult result)
        => (walker.Flags & WalkFlags.FollowLast) != 0 || (result.HasTrailingSlash && (walker.Flags & WalkFlags.Name) == 0);

    private static void BeginLast(in Walker walker, ref WalkResult result, scoped ReadOnlySpan<byte> name, bool hasSlash)
    {
        if ((walker.Flags & WalkFlags.FileOnly) == 0)
            result.SetName(name);
        result.Last = LastComponent.Name;
        result.HasTrailingSlash |= hasSlash;
    }

    // The result holds the directory, if it is asked for, and the file, if there is one.
    private Errno Complete(ref Walker walker, ref WalkResult result, Inode* child, bool isHeld, out bool isDone)
    {
        if ((walker.Flags & WalkFlags.FileOnly) == 0)
        {
            inodes.Hold(walker.Current);
            result.Directory = walker.Current;
        }
        if (!isHeld)
            inodes.Hold(child);
        result.Inode = child;
        isDone = true;
        return Errno.Ok;
    }

    private Errno FinishAt(ref Walker walker, ref WalkResult result, LastComponent last, bool hasSlash)
    {
        result.HasTrailingSlash |= hasSlash;
        if (result.HasTrailingSlash && !walker.Current->IsDirectory)
            return Errno.ENOTDIR;
        result.Last = last;
        result.Entry = null;
        result.SetName(default);
        inodes.Hold(walker.Current);
        result.Inode = walker.Current;
        return Errno.Ok;
    }

    private Errno Climb(in FileCaller caller, ref Walker walker)
    {
        if (walker.Current == walker.Root)
            return (walker.Flags & WalkFlags.Beneath) != 0 ? Errno.EXDEV : Errno.Ok;
        Inode* parent = walker.Current->Above;
        bool isHeld = parent == null && walker.Current->IsProc && !ServedPlaces.IsTop(walker.Current->ProcKey.Node);
        if (isHeld)
            parent = proc.Parent(walker.Current);
        else if (parent == null && walker.Current->IsProc)
        {
            Errno error = FindDevices(in caller, in walker, out parent);
            if (error != Errno.Ok)
                return error;
        }
        if (parent == null)
            return Errno.ENOENT;
        if (!IsCrossing(in walker, parent))
        {
            MoveTo(ref walker, parent, isHeld);
            return Errno.Ok;
        }
        if (isHeld)
            inodes.Release(parent);
        return Errno.EXDEV;
    }

    // What is above /dev/pts and /dev/mqueue, which do not hold it.
    private Errno FindDevices(in FileCaller caller, in Walker walker, out Inode* directory)
    {
        directory = null;
        Inode* root = state.NamespaceOf(&walker.Current->Header)->Root;
        Errno error = names.Find(in caller, root, ServedPlaces.Devices, out DirectoryEntry* entry);
        if (error == Errno.Ok && entry != null)
            error = names.Follow(in caller, entry);
        // Root may have put something else there.
        if (error == Errno.Ok && entry != null && entry->Target->IsDirectory)
            directory = entry->Target;
        return error;
    }

    private Errno Follow(in FileCaller caller, ref Walker walker, ref WalkResult result, Inode* link, bool isLast, out bool isDone)
    {
        isDone = false;
        if ((walker.Flags & WalkFlags.NoLinks) != 0 || ++walker.Links > MaxLinks)
            return Errno.ELOOP;
        Errno denied = isLast && !link->IsProc ? Permissions.CheckFollow(walker.Current, link, in caller) : Errno.Ok;
        if (denied != Errno.Ok)
            return denied;
        link->IsIdle = false;
        byte* page = state.Scratch + (walker.UsesSecondPage ? PageSize.Bytes : 0);
        walker.UsesSecondPage = !walker.UsesSecondPage;
        var text = new Span<byte>(page, PageSize.Bytes);
        int length;
        if (link->IsProc)
        {
            Inode* target = proc.TargetInode(link, in caller);
            if (target != null)
                return Jump(ref walker, ref result, target, isLast, out isDone);
            Errno error = proc.ReadTarget(link, in caller, text, out length);
            if (error != Errno.Ok)
                return error;
        }
        else
        {
            ReadOnlySpan<byte> target = Inodes.TargetOf(link);
            target.CopyTo(text);
            length = target.Length;
        }
        if (length == 0)
            return Errno.ENOENT;
        if (length + walker.Rest.Length > MaxPathBytes)
            return Errno.ENAMETOOLONG;
        walker.Rest.CopyTo(text[length..]);
        walker.Rest = text[..(length + walker.Rest.Length)];
        return walker.Rest[0] == '/' ? StartAtRoot(ref walker, isArgument: false) : Errno.Ok;
    }

    // A magic link leads to a file, whatever its name is or was. The target is held.
    private Errno Jump(ref Walker walker, ref WalkResult result, Inode* target, bool isLast, out bool isDone)
    {
        isDone = isLast;
        Panic.Unless(target->Header.Group == walker.Current->Header.Group, "names: a link leads into the files of another group"u8);
        bool isCrossing = IsCrossing(in walker, target);
        MoveTo(ref walker, target, isHeld: true);
        if ((walker.Flags & (WalkFlags.NoMagicLinks | WalkFlags.Beneath | WalkFlags.InRoot)) != 0)
            return Errno.ELOOP;
        if (isCrossing)
            return Errno.EXDEV;
        return isLast ? FinishAt(ref walker, ref result, LastComponent.Root, false) : Errno.Ok;
    }

    // What a directory of /proc has is held, and so are /dev/pts and /dev/mqueue; what another has is not.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno Child(
        in Walker walker, ReadOnlySpan<byte> name, in FileCaller caller, out Inode* child, out bool isHeld, ref WalkResult result)
    {
        Inode* directory = walker.Current;
        child = null;
        isHeld = directory->IsProc;
        if (isHeld)
        {
            result.Entry = null;
            child = proc.Lookup(directory, name, in caller);
            return Errno.Ok;
        }
        ProcNode served = ServedPlaces.At(in caller, directory, name);
        if (served != ProcNode.None)
            return MakeServed(directory, served, out child, out isHeld, ref result);
        uint hash = names.HashOf(walker.Tree, directory, name);
        Errno error = names.Find(in caller, directory, name, hash, out DirectoryEntry* entry);
        result.Entry = entry;
        result.Hash = hash;
        if (entry == null)
        {
            return error == Errno.Ok && ServedPlaces.IsMultiplexer(in caller, directory, name)
                ? MakeServed(directory, ProcNode.Multiplexer, out child, out isHeld, ref result) : error;
        }
        error = names.Follow(in caller, entry);
        if (error != Errno.Ok)
            return error;
        child = entry->Target;
        return Errno.Ok;
    }

    private Errno MakeServed(Inode* directory, ProcNode node, out Inode* child, out bool isHeld, ref WalkResult result)
    {
        result.Entry = null;
        child = proc.MakeServed(directory, node);
        isHeld = child != null;
        return isHeld ? Errno.Ok : Errno.ENOMEM;
    }
}
