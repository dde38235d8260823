// Acting on signals on the way to user mode. The frame's stack pages are made accessible first; only then is anything changed, so that a
// delivery that must wait for a page starts over cleanly. What a signal makes of an interrupted call is decided here: restart codes
// meet SA_RESTART. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Signals;

/// <summary>Delivers pending signals: default actions, and handler frames on the user stack.</summary>
public sealed unsafe class SignalDelivery
{
    private const ulong RedZoneBytes = 128;
    private const ulong SystemCallInstructionBytes = 2;

    // Trap, direction and resume flags: a handler starts without them.
    private const ulong ClearedFlags = 0x100 | 0x400 | 0x10000;
    private const int HeaderOffset = 512;
    private const ulong LegacyComponents = 3;

    private readonly LinuxKernel _kernel;
    private readonly RestartableSequences _sequences;

    public SignalDelivery(LinuxKernel kernel, RestartableSequences sequences)
    {
        _kernel = kernel;
        _sequences = sequences;
    }

    /// <summary>Acts on every deliverable signal. False when the thread must not run now: it ended, stopped, or waits for a page.</summary>
    public bool Deliver(Thread* thread)
    {
        Process* process = thread->Process;
        if (SignalService.IsKilled(thread))
        {
            End(thread, (int)Signal.SIGKILL);
            return false;
        }
        while (SignalService.Peek(thread, thread->BlockedSignals, out SignalInfo info))
        {
            _kernel.Timers.Complete(process, ref info);
            SignalAction action = *SignalActions.Of(process->Actions, info.Signal);
            bool goesOn = action.Handler > SignalAction.Ignore
                ? Handle(thread, in info, in action)
                : ActByDefault(thread, in info, action.Handler == SignalAction.Ignore);
            if (!goesOn)
                return false;
        }
        return true;
    }

    private bool ActByDefault(Thread* thread, in SignalInfo info, bool isIgnored)
    {
        Process* process = thread->Process;
        DefaultAction action = isIgnored || SignalService.IsRefusedByInit(process, in info) ? DefaultAction.Ignore
            : SignalDefaults.Of(info.Signal);
        if (action == DefaultAction.Terminate)
        {
            End(thread, info.Number);
            return false;
        }
        _kernel.Timers.TakeSignal(thread, thread->BlockedSignals, in info);
        switch (action)
        {
            case DefaultAction.Ignore or DefaultAction.Continue:
                return true;
            case DefaultAction.Stop:
                // Nobody could continue a member of an orphaned group; only SIGSTOP may stop it all the same.
                if (info.Signal != Signal.SIGSTOP && ProcessTable.IsOrphaned(process->ProcessGroup, null))
                    return true;
                _kernel.Signals.Stop(process, info.Signal);
                return false;
            default:
                Panic.Fail("signals: unknown default action"u8);
                return false;
        }
    }

    private void End(Thread* thread, int signal)
    {
        _kernel.Life.BeginEnd(thread->Process, WaitStatus.Killed(signal));
        if (ExitCalls.ContinueEnd(_kernel, thread).Outcome == SystemCallOutcome.Blocked)
            _kernel.Scheduler.Sleep(thread, false);
    }

    private bool Handle(Thread* thread, in SignalInfo info, in SignalAction action)
    {
        ulong imageBytes = (ulong)_kernel.Extended.ImageBytes;
        ulong stackTop = ChooseStack(thread, in action);
        ulong image = (stackTop - imageBytes - sizeof(uint)) & ~63UL;
        ulong frame = ((image - (ulong)sizeof(UserSignalFrame)) & ~15UL) - 8;
        bool isPossible = (action.Flags & SignalAction.HasRestorer) != 0 && action.Handler < AddressSpace.UserEnd
            && frame < stackTop && stackTop <= AddressSpace.UserEnd && FitsAlternateStack(thread, in action, frame);
        if (isPossible)
        {
            AccessResult access = _kernel.User.Probe(thread->Process->AddressSpace, new VirtualAddress(frame), stackTop - frame, true);
            if (access.Status == MemoryStatus.WouldBlock)
            {
                _kernel.Scheduler.BlockOn(thread, access.Wait);
                _kernel.Scheduler.Sleep(thread, false);
                return false;
            }
            isPossible = access.IsOk;
        }
        if (!isPossible)
        {
            RefuseFrame(thread, in info);
            return true;
        }
        // The handler returns to where the sequence is left for, not into it.
        if (thread->SequenceArea != 0 && !_sequences.Leave(thread))
            return false;
        _kernel.Timers.TakeSignal(thread, thread->BlockedSignals, in info);
        ResolveRestart(thread, in action);
        WriteImage(thread, image);
        WriteFrame(thread, frame, image, in info, in action);
        Enter(thread, frame, in info, in action);
        return true;
    }

    // Without a stack for the handler the program cannot go on: SIGSEGV, by default action if that is what failed.
    private void RefuseFrame(Thread* thread, in SignalInfo info)
    {
        _kernel.Timers.TakeSignal(thread, thread->BlockedSignals, in info);
        if (info.Signal == Signal.SIGSEGV)
        {
            SignalActions.Of(thread->Process->Actions, info.Signal)->Handler = SignalAction.Default;
            _kernel.Tracked.MarkChanged(&thread->Process->Actions->Header);
        }
        _kernel.Signals.Force(thread, SignalInfo.FromKernel(Signal.SIGSEGV));
    }

    private static ulong ChooseStack(Thread* thread, in SignalAction action)
    {
        ulong stack = thread->Context->Rsp;
        bool wantsAlternate = (action.Flags & SignalAction.OnStack) != 0 && thread->AlternateStackBytes != 0;
        return wantsAlternate && !AlternateStack.IsOn(thread, stack)
            ? thread->AlternateStack + thread->AlternateStackBytes
            : stack - RedZoneBytes;
    }

    private static bool FitsAlternateStack(Thread* thread, in SignalAction action, ulong frame)
    {
        bool wantsAlternate = (action.Flags & SignalAction.OnStack) != 0 && thread->AlternateStackBytes != 0;
        return !wantsAlternate || frame - thread->AlternateStack < thread->AlternateStackBytes
            || (AlternateStack.IsOn(thread, thread->Context->Rsp) && (thread->AlternateStackFlags & UserStack.AutoDisarm) != 0);
    }

    private void ResolveRestart(Thread* thread, in SignalAction action)
    {
        if (!thread->Call.Active || thread->Call.RestartCode == 0)
            return;
        UserContext* context = thread->Context;
        var code = (Errno)thread->Call.RestartCode;
        bool restarts = code == Errno.ERESTARTNOINTR
            || (code == Errno.ERESTARTSYS && (action.Flags & SignalAction.Restart) != 0);
        if (restarts)
        {
            context->Rax = context->OriginalRax;
            context->Rip -= SystemCallInstructionBytes;
        }
        else
        {
            context->Rax = unchecked((ulong)-(long)Errno.EINTR);
        }
        thread->Call.Active = false;
        thread->Call.RestartCode = 0;
    }

    // What the frame has beside the registers is written into the thread's own image, which is what a fresh program has right after.
    private void WriteImage(Thread* thread, ulong address)
    {
        int bytes = _kernel.Extended.ImageBytes;
        _kernel.Extended.Save(thread->Context);
        byte* image = thread->Context->ExtendedState;
        *(FloatStateNote*)(image + FloatStateNote.Offset) = new FloatStateNote
        {
            Magic = FloatStateNote.OpeningMagic,
            ExtendedBytes = (uint)(bytes + sizeof(uint)),
            Components = _kernel.Extended.ComponentMask,
            ImageBytes = (uint)bytes,
        };
        *(ulong*)(image + HeaderOffset) |= LegacyComponents;
        *(uint*)(image + bytes) = FloatStateNote.ClosingMagic;
        var frame = new ReadOnlySpan<byte>(image, bytes + sizeof(uint));
        _kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(address), frame);
    }

    private void WriteFrame(Thread* thread, ulong address, ulong image, in SignalInfo info, in SignalAction action)
    {
        UserContext* context = thread->Context;
        UserSignalFrame frame = default;
        frame.Restorer = action.Restorer;
        frame.Info = SignalInfoFormat.ToUser(in info);
        frame.Ucontext.Flags = UserSignalUcontext.AllFlags;
        frame.Ucontext.Stack = AlternateStack.Describe(thread, context->Rsp);
        frame.Ucontext.Mask = (thread->HasSavedBlockedSignals ? thread->SavedBlockedSignals : thread->BlockedSignals).Bits;
        SignalRegisters.Save(context, ref frame.Ucontext.Context);
        frame.Ucontext.Context.OldMask = frame.Ucontext.Mask;
        frame.Ucontext.Context.FloatState = image;
        _kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(address), in frame);
    }

    private void Enter(Thread* thread, ulong frame, in SignalInfo info, in SignalAction action)
    {
        UserContext* context = thread->Context;
        context->Rdi = (ulong)info.Number;
        context->Rsi = frame + 8 + (ulong)sizeof(UserSignalUcontext);
        context->Rdx = frame + 8;
        context->Rax = 0;
        context->Rip = action.Handler;
        context->Rsp = frame;
        context->Rflags &= ~ClearedFlags;
        context->OriginalRax = ulong.MaxValue;
        _kernel.Extended.Reset(context);
        if ((thread->AlternateStackFlags & UserStack.AutoDisarm) != 0)
            AlternateStack.Disarm(thread);
        SignalSet blocked = thread->BlockedSignals.Or(new SignalSet(action.Mask));
        if ((action.Flags & SignalAction.NoDefer) == 0)
            blocked = blocked.With(info.Signal);
        thread->HasSavedBlockedSignals = false;
        _kernel.Signals.SetMask(thread, blocked);
        if ((action.Flags & SignalAction.ResetHandler) == 0)
            return;
        SignalActions.Of(thread->Process->Actions, info.Signal)->Handler = SignalAction.Default;
        _kernel.Tracked.MarkChanged(&thread->Process->Actions->Header);
    }
}
