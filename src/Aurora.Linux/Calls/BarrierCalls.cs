// membarrier. One processor runs, and entering the kernel is a barrier: every command does what it says by being called. What remains is to
// refuse what a program has not asked for before.
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class BarrierCalls
{
    private const int Query = 0;
    private const int Global = 1;
    private const int GlobalExpedited = 2;
    private const int RegisterGlobal = 4;
    private const int Private = 8;
    private const int RegisterPrivate = 16;
    private const int PrivateCore = 32;
    private const int RegisterPrivateCore = 64;
    private const int Supported = 127;

    public static void Register(SystemCallTable table) => table.Register(324, &Membarrier);

    private static SystemCallResult Membarrier(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (arguments->UInt1 != 0)
            return Errno.EINVAL;
        AddressSpace* space = thread->Process->AddressSpace;
        switch (arguments->Int0)
        {
            case Query:
                return Supported;
            case Global or GlobalExpedited:
                return Errno.Ok;
            case Private or PrivateCore:
                BarrierKinds needed = arguments->Int0 == Private ? BarrierKinds.Private : BarrierKinds.PrivateCore;
                return (space->Barriers & needed) != 0 ? Errno.Ok : Errno.EPERM;
            case RegisterGlobal or RegisterPrivate or RegisterPrivateCore:
                kernel.Memory.RegisterBarrier(space, KindOf(arguments->Int0));
                return Errno.Ok;
            default:
                return Errno.EINVAL;
        }
    }

    private static BarrierKinds KindOf(int command) => command switch
    {
        RegisterGlobal => BarrierKinds.Global,
        RegisterPrivate => BarrierKinds.Private,
        _ => BarrierKinds.PrivateCore,
    };
}
