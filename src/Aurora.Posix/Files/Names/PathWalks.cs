// Path resolution. A walk that needs a name or a file that is not in memory asks for it and ends, with the answer that its caller waits for
// it; it is then begun again from the start (NameRequests). Two scratch pages take turns as the text still to be
// walked: a symbolic link's target and the rest of the path are put together in the other one.
using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Follows paths. Inodes it hands out are held; the caller releases them.</summary>
public sealed unsafe class PathWalks(FileState state, Inodes inodes, ProcFileSystem proc, NameTable names)
{
    /// <summary>The longest path, without its NUL.</summary>
    public const int MaxPathBytes = 4095;

    private const int MaxLinks = 40;

    /// <summary>The state of one walk. Current is held.</summary>
    private ref struct Walker
    {
        public Inode* Current;
        public Inode* Root;
        public ReadOnlySpan<byte> Rest;
        public WalkFlags Flags;
        public int Links;
        public bool UsesSecondPage;
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
            Rest = path,
            Flags = flags,
        };
        inodes.Hold(start);
        Errno error = StartAtRootIfAbsolute(ref walker, isArgument: true);
        if (error == Errno.Ok)
            error = Run(in caller, ref walker, ref result);
        if (error != Errno.Ok)
            inodes.Release(ref result);
        inodes.Release(walker.Current);
        return error;
    }

    /// <summary>Follows a path to an existing file, which is returned held.</summary>
    public Errno Resolve(in FileCaller caller, Inode* start, ReadOnlySpan<byte> path, WalkFlags flags, out Inode* inode)
    {
        Errno error = Walk(in caller, start, path, flags & ~WalkFlags.AllowMissing, out WalkResult result);
        inode = result.Inode;
        if (error != Errno.Ok)
            return error;
        inodes.Hold(inode);
        inodes.Release(ref result);
        return Errno.Ok;
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
    private Errno StartAtRootIfAbsolute(ref Walker walker, bool isArgument)
    {
        if (walker.Rest[0] != '/')
            return Errno.Ok;
        if ((walker.Flags & WalkFlags.Beneath) != 0)
            return Errno.EXDEV;
        if (!isArgument && IsCrossing(in walker, walker.Root))
            return Errno.EXDEV;
        MoveTo(ref walker, walker.Root);
        return Errno.Ok;
    }

    private static bool IsCrossing(in Walker walker, Inode* next)
        => (walker.Flags & WalkFlags.NoCrossing) != 0 && next->IsProc != walker.Current->IsProc;

    private void MoveTo(ref Walker walker, Inode* next)
    {
        inodes.Hold(next);
        inodes.Release(walker.Current);
        walker.Current = next;
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
            if (component.Length > DirectoryEntry.MaxNameBytes)
                return Errno.ENAMETOOLONG;
            if (!walker.Current->IsDirectory)
                return Errno.ENOTDIR;
            Errno error = Permissions.Check(walker.Current, in caller, FileAccess.Execute);
            if (error != Errno.Ok)
                return error;
            if (component.SequenceEqual("."u8))
            {
                if (isLast)
                    return FinishAt(ref walker, ref result, LastComponent.Dot, hasSlash);
                continue;
            }
            if (component.SequenceEqual(".."u8))
            {
                error = Climb(ref walker);
                if (error != Errno.Ok)
                    return error;
                if (isLast)
                    return FinishAt(ref walker, ref result, LastComponent.DotDot, hasSlash);
                continue;
            }
            error = Descend(in caller, ref walker, ref result, component, isLast, hasSlash, out bool isDone);
            if (error != Errno.Ok || isDone)
                return error;
        }
    }

    private static ReadOnlySpan<byte> NextComponent(ref Walker walker, out bool isLast, out bool hasSlash)
    {
        ReadOnlySpan<byte> rest = WithoutSlashes(walker.Rest);
        int end = rest.IndexOf((byte)'/');
        if (end < 0)
        {
            walker.Rest = default;
            isLast = true;
            hasSlash = rest.IsEmpty;
            return rest;
        }
        walker.Rest = rest[end..];
        isLast = WithoutSlashes(walker.Rest).IsEmpty;
        hasSlash = true;
        return rest[..end];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ReadOnlySpan<byte> WithoutSlashes(ReadOnlySpan<byte> text)
    {
        int slashes = 0;
        while (slashes < text.Length && text[slashes] == (byte)'/')
            slashes++;
        return text[slashes..];
    }

    private Errno Descend(
        in FileCaller caller, ref Walker walker, ref WalkResult result, scoped ReadOnlySpan<byte> name, bool isLast, bool hasSlash, out bool isDone)
    {
        isDone = false;
        if (isLast)
        {
            result.SetName(name);
            result.Last = LastComponent.Name;
            result.HasTrailingSlash |= hasSlash;
        }
        Errno unknown = Child(walker.Current, name, in caller, out Inode* child, out result.Entry);
        if (unknown != Errno.Ok)
            return unknown;
        if (child == null)
        {
            if (!isLast || (walker.Flags & WalkFlags.AllowMissing) == 0 || walker.Current->IsOrphan)
                return Errno.ENOENT;
            return Complete(ref walker, ref result, null, out isDone);
        }
        if (IsCrossing(in walker, child))
        {
            inodes.Release(child);
            return Errno.EXDEV;
        }
        bool follows = child->IsSymbolicLink && (!isLast || result.HasTrailingSlash || (walker.Flags & WalkFlags.FollowLast) != 0);
        if (follows)
        {
            Errno error = Follow(in caller, ref walker, ref result, child, isLast, out isDone);
            inodes.Release(child);
            return error;
        }
        if (isLast)
        {
            if (result.HasTrailingSlash && !child->IsDirectory)
            {
                inodes.Release(child);
                return Errno.ENOTDIR;
            }
            return Complete(ref walker, ref result, child, out isDone);
        }
        inodes.Release(walker.Current);
        walker.Current = child;
        return Errno.Ok;
    }

    // The result takes over what the walk holds: the directory, and the held child.
    private Errno Complete(ref Walker walker, ref WalkResult result, Inode* child, out bool isDone)
    {
        inodes.Hold(walker.Current);
        result.Directory = walker.Current;
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

    private Errno Climb(ref Walker walker)
    {
        if (walker.Current == walker.Root)
            return (walker.Flags & WalkFlags.Beneath) != 0 ? Errno.EXDEV : Errno.Ok;
        Inode* parent = ParentOf(walker.Current);
        if (parent == null)
            return Errno.ENOENT;
        if (IsCrossing(in walker, parent))
        {
            inodes.Release(parent);
            return Errno.EXDEV;
        }
        inodes.Release(walker.Current);
        walker.Current = parent;
        return Errno.Ok;
    }

    private Errno Follow(in FileCaller caller, ref Walker walker, ref WalkResult result, Inode* link, bool isLast, out bool isDone)
    {
        isDone = false;
        if ((walker.Flags & WalkFlags.NoLinks) != 0 || ++walker.Links > MaxLinks)
            return Errno.ELOOP;
        Errno denied = isLast && !link->IsProc ? Permissions.CheckFollow(walker.Current, link, in caller) : Errno.Ok;
        if (denied != Errno.Ok)
            return denied;
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
        return StartAtRootIfAbsolute(ref walker, isArgument: false);
    }

    // A magic link leads to a file, whatever its name is or was. The target is held.
    private Errno Jump(ref Walker walker, ref WalkResult result, Inode* target, bool isLast, out bool isDone)
    {
        isDone = isLast;
        bool isCrossing = IsCrossing(in walker, target);
        inodes.Release(walker.Current);
        walker.Current = target;
        if ((walker.Flags & (WalkFlags.NoMagicLinks | WalkFlags.Beneath | WalkFlags.InRoot)) != 0)
            return Errno.ELOOP;
        if (isCrossing)
            return Errno.EXDEV;
        return isLast ? FinishAt(ref walker, ref result, LastComponent.Root, false) : Errno.Ok;
    }

    /// <summary>The parent of a directory, held, of one that has been removed too; null for what an older version has removed.</summary>
    internal Inode* ParentOf(Inode* directory)
    {
        Inode* parent = directory->Above;
        if (parent == null && directory->IsProc)
            return proc.Parent(directory);
        if (parent != null)
            inodes.Hold(parent);
        return parent;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Errno Child(
        Inode* directory, ReadOnlySpan<byte> name, in FileCaller caller, out Inode* child, out DirectoryEntry* entry)
    {
        child = null;
        entry = null;
        if (directory->IsProc)
        {
            child = proc.Lookup(directory, name, in caller);
            return Errno.Ok;
        }
        Errno error = names.Find(in caller, directory, name, out entry);
        if (entry == null)
            return error;
        error = names.Follow(in caller, entry);
        if (error != Errno.Ok)
            return error;
        child = entry->Target;
        inodes.Hold(child);
        return Errno.Ok;
    }
}
