using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Signals;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Handlers;

namespace Aurora.Linux.Tests;

/// <summary>What a handler finds on its stack, and what it may give back.</summary>
public sealed unsafe class SignalFrameTests
{
    [Fact]
    public void A_handler_gets_a_complete_frame_and_returning_restores_everything()
    {
        using var kernel = new TestKernel();
        Thread* thread = Child(kernel);
        Catch(kernel, thread, Signal.SIGUSR1, SignalAction.SigInfo);
        UserContext* context = thread->Context;
        context->Rbx = 0x1111;
        context->R12 = 0x2222;
        context->Rflags = 0x202 | 0x400;
        context->Mxcsr = 0x1FA0;
        context->Xmm[7] = 77;
        ulong rsp = context->Rsp;
        Assert.Equal(0, kernel.Call(thread, 62, (ulong)thread->Id, (ulong)Signal.SIGUSR1) is long rax && rax == 0 ? 0 : -1);
        Assert.Equal(Handler, context->Rip);
        Assert.Equal((ulong)Signal.SIGUSR1, context->Rdi);
        Assert.Equal(8UL, context->Rsp % 16);
        Assert.True(context->Rsp + 440 + 832 + 128 <= rsp);
        Assert.Equal(0UL, context->Rflags & 0x400);
        Assert.Equal(0x1F80U, context->Mxcsr);
        Assert.Equal(0, context->Xmm[7]);
        var info = kernel.Peek<UserSignalInfo>(thread, context->Rsi);
        Assert.Equal((int)Signal.SIGUSR1, info.Number);
        Assert.Equal(thread->Id, (int)info.Fields[0]);
        var ucontext = kernel.Peek<UserSignalUcontext>(thread, context->Rdx);
        Assert.Equal(0x1111UL, ucontext.Context.Rbx);
        Assert.Equal(0UL, ucontext.Context.FloatState % 64);
        Assert.Equal(FloatStateNote.OpeningMagic, kernel.Peek<uint>(thread, ucontext.Context.FloatState + 464));
        Assert.Equal(FloatStateNote.ClosingMagic, kernel.Peek<uint>(thread, ucontext.Context.FloatState + 832));
        Assert.True(thread->BlockedSignals.Contains(Signal.SIGUSR1));
        context->Rbx = 0;
        context->R12 = 0;
        Assert.Equal(0, Return(kernel, thread));
        Assert.Equal(0x1111UL, context->Rbx);
        Assert.Equal(0x2222UL, context->R12);
        Assert.Equal(rsp, context->Rsp);
        Assert.Equal(0x400UL, context->Rflags & 0x400);
        Assert.Equal(0x1FA0U, context->Mxcsr);
        Assert.Equal(77, context->Xmm[7]);
        Assert.True(thread->BlockedSignals.IsEmpty);
    }

    [Fact]
    public void The_alternate_stack_saves_a_program_whose_stack_is_gone()
    {
        using var kernel = new TestKernel();
        Thread* thread = Child(kernel);
        Catch(kernel, thread, Signal.SIGSEGV, SignalAction.OnStack | SignalAction.SigInfo);
        kernel.Poke(thread, Scratch, new UserStack { Pointer = Scratch + 0x8000, Bytes = 0x4000 });
        kernel.Do(thread, 131, Scratch, 0);
        thread->Context->Rsp = 0x2000;
        kernel.Fault(thread, 14, 0x1FF8, 6);
        Assert.NotNull(kernel.Resume(thread));
        Assert.InRange(thread->Context->Rsp, Scratch + 0x8000, Scratch + 0xC000);
        Assert.Equal(-(long)Errno.EPERM, kernel.Call(thread, 131, Scratch, 0));
    }

    public static TheoryData<string> BrokenFrames => new("rip", "cs", "mxcsr", "header", "reserved", "components");

    [Theory]
    [MemberData(nameof(BrokenFrames))]
    public void A_forged_frame_is_refused_without_changing_the_thread(string what)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* thread = kernel.Fork(init);
        Catch(kernel, thread, Signal.SIGUSR1);
        kernel.Do(thread, 62, (ulong)thread->Id, (ulong)Signal.SIGUSR1);
        ulong frame = thread->Context->Rdx;
        var ucontext = kernel.Peek<UserSignalUcontext>(thread, frame);
        ulong image = ucontext.Context.FloatState;
        switch (what)
        {
            case "rip":
                ucontext.Context.Rip = 0x8000_0000_0000;
                break;
            case "cs":
                ucontext.Context.Cs = 0x10;
                break;
            case "mxcsr":
                kernel.Poke(thread, image + 24, 0xFFFF_0000U);
                break;
            case "header":
                kernel.Poke(thread, image + 512 + 8, 1UL << 63);
                break;
            case "reserved":
                kernel.Poke(thread, image + 512 + 40, 1UL);
                break;
            case "components":
                kernel.Poke(thread, image + 512, 1UL << 9);
                break;
        }
        kernel.Poke(thread, frame, ucontext);
        Assert.Null(Return(kernel, thread));
        Assert.Equal(2, kernel.Do(init, 61, ulong.MaxValue, Scratch, 0, 0));
        Assert.Equal((int)Signal.SIGSEGV, kernel.Peek<int>(init, Scratch) & 0x7F);
    }
}
