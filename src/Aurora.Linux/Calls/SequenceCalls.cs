// rseq: a thread says where it tells which restartable sequence it is in (RestartableSequences).
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Records;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class SequenceCalls
{
    private const uint Unregister = 1;

    public static void Register(SystemCallTable table) => table.Register(334, &RestartableSequence);

    private static SystemCallResult RestartableSequence(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        ulong area = arguments->Arg0;
        uint flags = arguments->UInt2;
        uint signature = arguments->UInt3;
        bool isKnownArea = thread->SequenceArea != 0 && thread->SequenceArea == area && arguments->UInt1 == ThreadRecord.SequenceAreaBytes;
        if ((flags & Unregister) != 0)
        {
            if (flags != Unregister || !isKnownArea)
                return Errno.EINVAL;
            return signature == thread->SequenceSignature ? Forget(kernel, thread) : Errno.EPERM;
        }
        if (flags != 0)
            return Errno.EINVAL;
        if (thread->SequenceArea != 0)
            return !isKnownArea ? Errno.EINVAL : signature == thread->SequenceSignature ? Errno.EBUSY : Errno.EPERM;
        if (arguments->UInt1 != ThreadRecord.SequenceAreaBytes || area % ThreadRecord.SequenceAreaBytes != 0)
            return Errno.EINVAL;
        if (area == 0 || !ThreadCodec.IsSequenceArea(area))
            return Errno.EFAULT;
        thread->SequenceArea = area;
        thread->SequenceSignature = signature;
        thread->MustLeaveSequence = true;
        return Errno.Ok;
    }

    private static SystemCallResult Forget(LinuxKernel kernel, Thread* thread)
    {
        var nothing = new UserSequenceArea { Processor = UserSequenceArea.Unregistered };
        ulong processors = (ulong)nothing.Processor << 32;
        if (!kernel.Write(thread, thread->SequenceArea, in processors, out SystemCallResult failure))
            return failure;
        thread->SequenceArea = 0;
        thread->SequenceSignature = 0;
        thread->MustLeaveSequence = false;
        return Errno.Ok;
    }
}
