// inotify: instances and watches. What there is to read is read as from any file (InotifyFile).
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class InotifyCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(253, &Create);
        table.Register(254, &Add);
        table.Register(255, &Remove);
        table.Register(294, &CreateWithFlags);
    }

    private static SystemCallResult Create(LinuxKernel kernel, Thread* thread, SystemCallArguments* a) => Create(kernel, thread, 0);

    private static SystemCallResult CreateWithFlags(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
        => (a->UInt0 & ~(OpenFlags.NonBlocking | OpenFlags.CloseOnExec)) != 0 ? Errno.EINVAL : Create(kernel, thread, a->UInt0);

    private static SystemCallResult Create(LinuxKernel kernel, Thread* thread, uint flags)
    {
        var call = new FileCall(kernel, thread);
        FileCaller caller = call.Caller;
        Errno error = kernel.Files.Anonymous.MakeInotify(in caller, flags, out OpenFile* file);
        return error == Errno.Ok ? EventCalls.Install(ref call, file, flags) : error;
    }

    private static SystemCallResult Add(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        uint mask = a->UInt2;
        if ((mask & ~InotifyMask.Known) != 0 || mask == 0)
            return Errno.EINVAL;
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        Inotify* instance = InotifyWatches.Of(file);
        const uint both = InotifyMask.MaskAdd | InotifyMask.MaskCreate;
        if ((mask & both) == both || instance == null)
            return Errno.EINVAL;
        if (!call.Resolve(FileCall.CurrentDirectory, a->Arg1, 0, (mask & InotifyMask.DontFollow) == 0, out Inode* inode))
            return call.Failure;
        FileCaller caller = call.Caller;
        int number = 0;
        Errno error = (mask & InotifyMask.OnlyDirectory) != 0 && !inode->IsDirectory
            ? Errno.ENOTDIR : Permissions.Check(inode, in caller, FileAccess.Read);
        if (error == Errno.Ok)
            error = kernel.Files.Inotify.Add(instance, inode, mask, out number);
        kernel.Files.Inodes.Release(inode);
        return error == Errno.Ok ? SystemCallResult.Done(number) : error;
    }

    private static SystemCallResult Remove(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.File(a->Int0, out OpenFile* file))
            return call.Failure;
        Inotify* instance = InotifyWatches.Of(file);
        InotifyWatch* watch = instance == null ? null : InotifyWatches.Find(instance, a->Int1);
        if (watch == null)
            return Errno.EINVAL;
        kernel.Files.Inotify.End(watch);
        return Errno.Ok;
    }
}
