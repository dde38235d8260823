using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Roots, current directories and file mode masks of processes.</summary>
public sealed unsafe class FileContexts(FileState state, Inodes inodes)
{
    /// <summary>A context with one reference whose root and current directory are the group's root; null when memory is
    /// exhausted.</summary>
    public FileContext* Create(Namespace* space, uint umask)
    {
        FileContext* context = state.Contexts.Allocate();
        if (context == null)
            return null;
        context->Umask = umask & InodeMode.AccessMask;
        context->Root = context->CurrentDirectory = space->Root;
        context->Header.References = 1;
        inodes.Hold(space->Root);
        inodes.Hold(space->Root);
        state.TrackerOf(space).Register(&context->Header, ObjectKind.FileContext);
        return context;
    }

    /// <summary>A copy with one reference (fork without CLONE_FS); null when memory is exhausted.</summary>
    public FileContext* Copy(FileContext* source)
    {
        FileContext* context = state.Contexts.Allocate();
        if (context == null)
            return null;
        context->Umask = source->Umask;
        context->Root = source->Root;
        context->CurrentDirectory = source->CurrentDirectory;
        context->Header.References = 1;
        inodes.Hold(context->Root);
        inodes.Hold(context->CurrentDirectory);
        state.TrackerOf(&source->Header).Register(&context->Header, ObjectKind.FileContext);
        return context;
    }

    public void Hold(FileContext* context) => context->Header.References++;

    public void Release(FileContext* context)
    {
        if (--context->Header.References > 0)
            return;
        state.TrackerOf(&context->Header).Remove(&context->Header);
        inodes.Release(context->Root);
        inodes.Release(context->CurrentDirectory);
        state.Contexts.Free(context);
    }

    /// <summary>chdir: the caller has checked that it may.</summary>
    public void SetCurrentDirectory(FileContext* context, Inode* directory)
    {
        inodes.Hold(directory);
        inodes.Release(context->CurrentDirectory);
        context->CurrentDirectory = directory;
        state.MarkChanged(&context->Header);
    }

    /// <summary>chroot: the caller has checked that it may.</summary>
    public void SetRoot(FileContext* context, Inode* directory)
    {
        inodes.Hold(directory);
        inodes.Release(context->Root);
        context->Root = directory;
        state.MarkChanged(&context->Header);
    }

    /// <summary>Sets the umask and returns the previous one.</summary>
    public uint SetUmask(FileContext* context, uint umask)
    {
        uint previous = context->Umask;
        context->Umask = umask & InodeMode.AccessMask;
        if (previous != context->Umask)
            state.MarkChanged(&context->Header);
        return previous;
    }

    internal FileContext* Allocate() => state.Contexts.Allocate();
}
