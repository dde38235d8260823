// kcmp: whether two threads have the same open file, memory, descriptors, directory, signal actions or list of what semaphores undo. The
// order that goes with "no" is that of the objects' ids, or of the lists' numbers, which a restore keeps.
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class CompareCalls
{
    private const int OfFile = 0;
    private const int OfMemory = 1;
    private const int OfDescriptors = 2;
    private const int OfFileContext = 3;
    private const int OfSignalActions = 4;
    private const int OfIoContext = 5;
    private const int OfSemaphores = 6;
    private const int OfEpoll = 7;

    public static void Register(SystemCallTable table) => table.Register(312, &Compare);

    private static SystemCallResult Compare(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Thread* first = kernel.Processes.Of(thread).FindThread(arguments->Int0);
        Thread* second = kernel.Processes.Of(thread).FindThread(arguments->Int1);
        if (first == null || second == null)
            return Errno.ESRCH;
        if (!MayLook(thread, first) || !MayLook(thread, second))
            return Errno.EPERM;
        int type = arguments->Int2;
        switch (type)
        {
            case OfFile or OfMemory or OfDescriptors or OfFileContext or OfSignalActions:
                ObjectHeader* mine = Part(first->Process, type, (int)arguments->Arg3);
                ObjectHeader* other = Part(second->Process, type, (int)arguments->Arg4);
                return mine == null || other == null
                    ? (type == OfFile ? Errno.EBADF : Errno.ESRCH) : Order(mine->Id.Value, other->Id.Value);
            // Nobody has one of these.
            case OfIoContext:
                return 0;
            case OfSemaphores:
                return Order(NumberOf(first->UndoList), NumberOf(second->UndoList));
            case OfEpoll:
                return Errno.EOPNOTSUPP;
            default:
                return Errno.EINVAL;
        }
    }

    private static bool MayLook(Thread* thread, Thread* target)
        => ProcessAccess.MayInspect(thread->Process, ref thread->Process->Credentials, target->Process, usesRealIds: true);

    private static ObjectHeader* Part(Process* process, int type, int descriptor)
    {
        switch (type)
        {
            case OfFile:
                OpenFile* file = process->Descriptors == null ? null
                    : Descriptors.Find((DescriptorTable*)process->Descriptors, descriptor);
                return file == null ? null : &file->Header;
            case OfMemory:
                return process->AddressSpace == null ? null : &process->AddressSpace->Header;
            case OfDescriptors:
                return (ObjectHeader*)process->Descriptors;
            case OfFileContext:
                return (ObjectHeader*)process->FileSystem;
            default:
                return process->Actions == null ? null : &process->Actions->Header;
        }
    }

    // Lists are numbered in their group; who has none is alike.
    private static ulong NumberOf(UndoList* list) => list == null ? 0 : list->Number;

    private static SystemCallResult Order(ulong mine, ulong other) => mine == other ? 0L : mine < other ? 1L : 2L;
}
