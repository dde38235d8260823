// fork and clone. Everything that can fail is done before the child is linked to anybody, so that a failure leaves no trace; the child
// becomes runnable in the last step. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Processes;

public sealed unsafe partial class ProcessLife
{
    /// <summary>
    /// Makes process 1 of a group, leader of its own session, root, without memory or files; its thread is not runnable yet. Null when
    /// memory is short.
    /// </summary>
    public Thread* CreateInit(ObjectTracker group)
    {
        // An earlier session of the group may have counted far; this one begins again.
        _table.Of(group).Ids.GoOnFrom(0);
        Thread* thread = CreateAlone(group);
        if (thread == null)
            return null;
        Panic.Unless(thread->Process->Id == 1, "processes: init is not the first process"u8);
        _table.Lead(thread->Process);
        return thread;
    }

    /// <summary>
    /// Makes a process that nobody in its group is the parent of: leader of its own session, root, without memory or files; its thread is
    /// not runnable yet. It is reaped as it ends. Null when memory is short.
    /// </summary>
    public Thread* CreateAlone(ObjectTracker group)
    {
        Process* process = _table.CreateProcess(_table.Of(group));
        if (process == null)
            return null;
        process->Actions = _table.CreateActions(group);
        process->Limits = ResourceLimits.Initial();
        process->Credentials.Capabilities = CapabilitySets.OfRoot;
        process->StartNanoseconds = _scheduler.NowOf(group);
        process->ExitSignal = (int)Signal.SIGCHLD;
        Thread* thread = process->Actions == null ? null : _table.CreateThread(process);
        if (thread == null || _table.StartSession(process) != Errno.Ok)
        {
            if (thread != null)
                Retire(thread);
            _table.ReleaseActions(process->Actions);
            _table.FreeProcess(process);
            return null;
        }
        thread->TimerSlackNanoseconds = thread->DefaultTimerSlackNanoseconds = Thread.InitialTimerSlackNanoseconds;
        _extended.Reset(thread->Context);
        return thread;
    }

    /// <summary>Makes a thread or a process as the request says. The child starts with the maker's registers and zero in RAX.</summary>
    public Errno Clone(Thread* maker, in CloneRequest request, out Thread* child)
    {
        child = null;
        if (IsAtProcessLimit(maker->Process))
            return Errno.EAGAIN;
        Process* process = maker->Process;
        if (!request.IsThread)
        {
            Errno error = CloneProcess(maker, in request, out process);
            if (error != Errno.Ok)
                return error;
        }
        Thread* thread = _table.CreateThread(process);
        if (thread == null)
        {
            if (!request.IsThread)
                Abandon(process);
            return Errno.EAGAIN;
        }
        CopyThread(maker, thread, in request);
        if (!request.IsThread)
            Adopt(maker->Process, process, in request);
        child = thread;
        return Errno.Ok;
    }

    /// <summary>Undoes <see cref="Clone"/> for a thread that has not been started.</summary>
    public void Abandon(Thread* child)
    {
        Process* process = child->Process;
        bool isOnlyThread = process->ThreadCount == 1;
        Retire(child);
        if (isOnlyThread)
            Abandon(process);
    }

    /// <summary>Lets a thread made by <see cref="Clone"/> run.</summary>
    public void Start(Thread* thread) => _scheduler.MakeRunnable(thread);

    private bool IsAtProcessLimit(Process* process)
    {
        ref Credentials maker = ref process->Credentials;
        if (maker.RealUid == 0 || maker.Has(Capability.SysResource) || maker.Has(Capability.SysAdmin))
            return false;
        ulong limit = process->Limits.Soft(Resource.Processes);
        return limit != ResourceLimit.Infinity && ThreadsOf(process) >= limit;
    }

    private ulong ThreadsOf(Process* one)
    {
        uint user = one->Credentials.RealUid;
        PidNamespace space = _table.Of(one);
        ulong count = 0;
        for (Process* process = space.NextProcess(1); process != null; process = space.NextProcess(process->Id + 1))
            count += process->Credentials.RealUid == user ? (ulong)process->ThreadCount : 0;
        return count;
    }

    private Errno CloneProcess(Thread* maker, in CloneRequest request, out Process* child)
    {
        Process* parent = maker->Process;
        child = _table.CreateProcess(_table.Of(parent));
        if (child == null)
            return Errno.EAGAIN;
        Errno error = CloneMemory(parent, child, request.SharesMemory);
        if (error == Errno.Ok)
            error = CloneActions(parent, child, in request);
        if (error == Errno.Ok)
            error = _files.Inherit(parent, child, request.SharesDescriptors, request.SharesFileContext);
        if (error != Errno.Ok)
        {
            Abandon(child);
            return error;
        }
        CopyProcess(parent, child);
        child->ExitSignal = request.ExitSignal;
        child->BorrowsMemory = request.BorrowsMemory;
        child->StartNanoseconds = _scheduler.NowOf(maker);
        return Errno.Ok;
    }

    private Errno CloneMemory(Process* parent, Process* child, bool isShared)
    {
        if (isShared)
        {
            _memory.Spaces.Retain(parent->AddressSpace);
            child->AddressSpace = parent->AddressSpace;
            return Errno.Ok;
        }
        MemoryStatus status = _memory.Spaces.Fork(parent->AddressSpace, out AddressSpace* space);
        child->AddressSpace = status == MemoryStatus.Ok ? space : null;
        return status == MemoryStatus.Ok ? Errno.Ok : Errno.ENOMEM;
    }

    private Errno CloneActions(Process* parent, Process* child, in CloneRequest request)
    {
        if (request.SharesSignalActions)
        {
            parent->Actions->Header.References++;
            child->Actions = parent->Actions;
            return Errno.Ok;
        }
        child->Actions = _table.CreateActions(_table.Of(parent).Group);
        if (child->Actions == null)
            return Errno.ENOMEM;
        if (!request.ClearsSignalActions)
            new Span<byte>(parent->Actions->Storage, 64 * 32).CopyTo(new Span<byte>(child->Actions->Storage, 64 * 32));
        return Errno.Ok;
    }

    private static void CopyProcess(Process* parent, Process* child)
    {
        child->SignalsSeen = parent->SignalsSeen;
        child->Credentials = parent->Credentials;
        child->Limits = parent->Limits;
        child->IsDumpable = parent->IsDumpable;
        child->NoNewPrivileges = parent->NoNewPrivileges;
        child->IsDetached = parent->IsDetached;
        child->Personality = parent->Personality;
        child->Nice = parent->Nice;
        child->OutOfMemoryBias = parent->OutOfMemoryBias;
        child->LeastOutOfMemoryBias = parent->LeastOutOfMemoryBias;
        child->ArgumentsStart = parent->ArgumentsStart;
        child->ArgumentsEnd = parent->ArgumentsEnd;
        child->EnvironmentStart = parent->EnvironmentStart;
        child->EnvironmentEnd = parent->EnvironmentEnd;
        child->StackStart = parent->StackStart;
        new Span<byte>(parent->Name, 16).CopyTo(new Span<byte>(child->Name, 16));
    }

    private void CopyThread(Thread* maker, Thread* thread, in CloneRequest request)
    {
        byte* image = thread->Context->ExtendedState;
        _extended.Save(maker->Context);
        *thread->Context = *maker->Context;
        thread->Context->ExtendedState = image;
        new Span<byte>(maker->Context->ExtendedState, UserContext.ExtendedStateBytes).CopyTo(
            new Span<byte>(image, UserContext.ExtendedStateBytes));
        thread->Context->Rax = 0;
        thread->Context->OriginalRax = ulong.MaxValue;
        thread->Context->PageTableRoot = thread->Process->AddressSpace->Root.Address.Value;
        if (request.StackPointer != 0)
            thread->Context->Rsp = request.StackPointer;
        if (request.SetsThreadPointer)
            thread->Context->FsBase = request.ThreadPointer;
        thread->ClearChildTid = request.ClearChildTid;
        thread->BlockedSignals = maker->BlockedSignals;
        if (!request.SharesMemory)
        {
            thread->SequenceArea = maker->SequenceArea;
            thread->SequenceSignature = maker->SequenceSignature;
            thread->MustLeaveSequence = maker->MustLeaveSequence;
        }
        thread->Schedule = maker->Schedule.ForChild;
        thread->TimerSlackNanoseconds = thread->DefaultTimerSlackNanoseconds = maker->TimerSlackNanoseconds;
        new Span<byte>(maker->Name, 16).CopyTo(new Span<byte>(thread->Name, 16));
        if (request.SharesMemory && !request.BorrowsMemory)
            return;
        thread->AlternateStack = maker->AlternateStack;
        thread->AlternateStackBytes = maker->AlternateStackBytes;
        thread->AlternateStackFlags = maker->AlternateStackFlags;
    }

    private void Adopt(Process* maker, Process* child, in CloneRequest request)
    {
        bool isSibling = request.IsSibling && maker->Parent != null;
        _table.SetParent(child, isSibling ? maker->Parent : maker);
        if (isSibling)
            child->ExitSignal = maker->ExitSignal;
        _table.JoinGroup(child, maker->ProcessGroup);
    }

    // Undoes a creation that failed half way; nobody has seen the child.
    private void Abandon(Process* child)
    {
        if (child->AddressSpace != null)
            _memory.Spaces.Release(child->AddressSpace);
        if (child->Descriptors != null || child->FileSystem != null)
            _files.Release(child);
        _table.ReleaseActions(child->Actions);
        _table.FreeProcess(child);
    }
}
