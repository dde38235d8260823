using Aurora.Base;

namespace Aurora.Posix.Files;

public sealed unsafe partial class FileServices
{
    /// <summary>A context with one reference whose root and current directory are the group's root; null when memory is exhausted.</summary>
    public FileContext* CreateContext(Namespace space, uint umask)
    {
        FileContext* context = _contexts.Allocate();
        if (context == null)
            return null;
        context->Umask = umask & InodeMode.AccessMask;
        context->Root = context->CurrentDirectory = space.Root;
        context->Header.References = 1;
        Hold(space.Root);
        Hold(space.Root);
        space.Tracker.Register(&context->Header, ObjectKind.FileContext);
        return context;
    }

    /// <summary>A copy with one reference (fork without CLONE_FS); null when memory is exhausted.</summary>
    public FileContext* CopyContext(FileContext* source)
    {
        FileContext* context = _contexts.Allocate();
        if (context == null)
            return null;
        context->Umask = source->Umask;
        context->Root = source->Root;
        context->CurrentDirectory = source->CurrentDirectory;
        context->Header.References = 1;
        Hold(context->Root);
        Hold(context->CurrentDirectory);
        TrackerOf(&source->Header).Register(&context->Header, ObjectKind.FileContext);
        return context;
    }

    public void Hold(FileContext* context) => context->Header.References++;

    public void Release(FileContext* context)
    {
        if (--context->Header.References > 0)
            return;
        TrackerOf(&context->Header).Remove(&context->Header);
        Release(context->Root);
        Release(context->CurrentDirectory);
        _contexts.Free(context);
    }

    /// <summary>chdir: the caller has checked that it may.</summary>
    public void SetCurrentDirectory(FileContext* context, Inode* directory)
    {
        Hold(directory);
        Release(context->CurrentDirectory);
        context->CurrentDirectory = directory;
        MarkChanged(&context->Header);
    }

    /// <summary>chroot: the caller has checked that it may.</summary>
    public void SetRoot(FileContext* context, Inode* directory)
    {
        Hold(directory);
        Release(context->Root);
        context->Root = directory;
        MarkChanged(&context->Header);
    }

    /// <summary>Sets the umask and returns the previous one.</summary>
    public uint SetUmask(FileContext* context, uint umask)
    {
        uint previous = context->Umask;
        context->Umask = umask & InodeMode.AccessMask;
        if (previous != context->Umask)
            MarkChanged(&context->Header);
        return previous;
    }

    internal FileContext* AllocateContext() => _contexts.Allocate();
}
