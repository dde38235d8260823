// The point of no return of execve: from here on nothing fails and nothing waits.
using System;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Signals;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Elf;

public sealed unsafe partial class ProgramLoader
{
    private const int NameBytes = 16;
    private const ulong InitialFlags = 0x202;
    private const ulong UserCodeSelector = 0x33;
    private const ulong UserDataSelector = 0x2B;

    // Makes everything the commit needs that could be refused. Shared signal actions are parted here: a failure afterwards leaves the
    // process with a copy of its own, which nobody can tell.
    private Errno PrepareCommit(Thread* thread)
    {
        Process* process = thread->Process;
        Errno error = _kernel.ProcessFiles.PrepareExec(process);
        if (error != Errno.Ok || process->Actions->Header.References == 1)
            return error;
        SignalActions* own = _kernel.Processes.CreateActions(_kernel.GroupOf(thread));
        if (own == null)
            return Errno.ENOMEM;
        new ReadOnlySpan<byte>(process->Actions->Storage, sizeof(SignalAction) * 64).CopyTo(
            new Span<byte>(own->Storage, sizeof(SignalAction) * 64));
        _kernel.Processes.ReleaseActions(process->Actions);
        process->Actions = own;
        return Errno.Ok;
    }

    // PER_CLEAR_ON_SETID: READ_IMPLIES_EXEC, ADDR_NO_RANDOMIZE, ADDR_COMPAT_LAYOUT, MMAP_PAGE_ZERO.
    private const uint ClearedForSetId = 0x0740000;

    private void Commit(Thread* thread, in NewProgram program, ReadOnlySpan<byte> fileName)
    {
        Process* process = thread->Process;
        _kernel.Processes.BecomeLeader(thread);
        ChangeMemory(thread, in program);
        _kernel.Signals.ResetForExec(process);
        _kernel.Timers.EndTimers(process);
        ref Credentials old = ref process->Credentials;
        process->IsDumpable = program.IsReadable && old.EffectiveUid == old.RealUid && old.EffectiveGid == old.RealGid;
        ProcessAccess.Commit(thread, in program.Credentials);
        if (program.IsSecure)
        {
            thread->ParentDeathSignal = 0;
            process->IsDetached = false;
        }
        if (program.ClearsPersonality)
            process->Personality &= ~ClearedForSetId;
        process->HasExecuted = true;
        process->ExitSignal = (int)Signal.SIGCHLD;
        _kernel.Files.Proc.BeginRunning(process, program.Inode);
        process->ArgumentsStart = program.Stack.ArgumentsStart;
        process->ArgumentsEnd = program.Stack.ArgumentsEnd;
        process->EnvironmentStart = program.Stack.EnvironmentStart;
        process->EnvironmentEnd = program.Stack.EnvironmentEnd;
        process->StackStart = program.Stack.StackPointer;
        process->AuxiliaryWords = program.Stack.AuxiliaryWords;
        SetName(thread, fileName);
        ResetThread(thread, in program);
        _kernel.Tracked.MarkChanged(&process->Header);
        _kernel.Tracked.MarkChanged(&thread->Header);
    }

    private void ChangeMemory(Thread* thread, in NewProgram program)
    {
        Process* process = thread->Process;
        AddressSpace* old = process->AddressSpace;
        process->AddressSpace = program.Space;
        thread->Context->PageTableRoot = program.Space->Root.Address.Value;
        _kernel.Memory.Regions.EndWriter(&thread->Regions);
        if (old != null)
            _kernel.Memory.Spaces.Release(old);
        _kernel.Life.ReturnMemory(process);
    }

    private void ResetThread(Thread* thread, in NewProgram program)
    {
        UserContext* context = thread->Context;
        byte* image = context->ExtendedState;
        ulong root = context->PageTableRoot;
        *context = default;
        context->ExtendedState = image;
        context->PageTableRoot = root;
        context->Rip = program.Entry;
        context->Rsp = program.Stack.StackPointer;
        context->Rflags = InitialFlags;
        context->Cs = UserCodeSelector;
        context->Ss = UserDataSelector;
        context->OriginalRax = ulong.MaxValue;
        _kernel.Extended.Reset(context);
        AlternateStack.Disarm(thread);
        thread->ClearChildTid = 0;
        thread->RobustList = 0;
        thread->SequenceArea = 0;
        thread->SequenceSignature = 0;
        thread->MustLeaveSequence = false;
    }

    private static void SetName(Thread* thread, ReadOnlySpan<byte> path)
    {
        ReadOnlySpan<byte> name = path[(path.LastIndexOf((byte)'/') + 1)..];
        if (name.Length > NameBytes - 1)
            name = name[..(NameBytes - 1)];
        var process = new Span<byte>(thread->Process->Name, NameBytes);
        process.Clear();
        name.CopyTo(process);
        process.CopyTo(new Span<byte>(thread->Name, NameBytes));
    }
}
