// membarrier. One processor runs, and entering the kernel is a barrier: every command does what it says by being called. Other threads
// leave the restartable sequences they are in because this one has run meanwhile. What remains is to refuse what a program has not asked
// for before.
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
    private const int PrivateSequences = 128;
    private const int RegisterPrivateSequences = 256;
    private const int Supported = 511;

    // In the flags: only the processor in the third argument; with PrivateSequences alone.
    private const uint OneProcessor = 1;

    public static void Register(SystemCallTable table) => table.Register(324, &Membarrier);

    private static SystemCallResult Membarrier(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        int command = arguments->Int0;
        if (arguments->UInt1 != 0 && (command != PrivateSequences || arguments->UInt1 != OneProcessor))
            return Errno.EINVAL;
        AddressSpace* space = thread->Process->AddressSpace;
        switch (command)
        {
            case Query:
                return Supported;
            case Global or GlobalExpedited:
                return Errno.Ok;
            case Private or PrivateCore or PrivateSequences:
                return (space->Barriers & KindOf(command)) != 0 ? Errno.Ok : Errno.EPERM;
            case RegisterGlobal or RegisterPrivate or RegisterPrivateCore or RegisterPrivateSequences:
                kernel.Memory.Marks.RegisterBarrier(space, KindOf(command));
                return Errno.Ok;
            default:
                return Errno.EINVAL;
        }
    }

    private static BarrierKinds KindOf(int command) => command switch
    {
        RegisterGlobal => BarrierKinds.Global,
        Private or RegisterPrivate => BarrierKinds.Private,
        PrivateCore or RegisterPrivateCore => BarrierKinds.PrivateCore,
        _ => BarrierKinds.PrivateSequences,
    };
}
