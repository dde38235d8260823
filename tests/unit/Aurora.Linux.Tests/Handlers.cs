using Aurora.Posix.Signals;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Signal handlers of test programs.</summary>
internal static unsafe class Handlers
{
    public const ulong Scratch = TestKernel.Scratch;
    public const ulong Handler = TestKernel.Code + 0x800;
    public const ulong Restorer = TestKernel.Code + 0x900;

    public static void Catch(TestKernel kernel, Thread* thread, Signal signal, ulong flags = 0, ulong mask = 0)
    {
        kernel.Poke(thread, Scratch, new SignalAction
        {
            Handler = Handler, Flags = flags | SignalAction.HasRestorer, Restorer = Restorer, Mask = mask,
        });
        kernel.Do(thread, 13, (ulong)signal, Scratch, 0, 8);
    }

    public static Thread* Child(TestKernel kernel)
    {
        Thread* init = kernel.Boot();
        return kernel.Fork(init);
    }

    /// <summary>The handler's `ret`: it pops the restorer's address, and the restorer calls rt_sigreturn.</summary>
    public static long? Return(TestKernel kernel, Thread* thread)
    {
        Assert.Equal(Restorer, kernel.Peek<ulong>(thread, thread->Context->Rsp));
        thread->Context->Rsp += 8;
        return kernel.Call(thread, 15);
    }
}
