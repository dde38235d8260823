// The call in which the program of init begins again (ProcessLife.StartAgain): an execve that nobody has asked for. Its phases:
//
//     AwaitingOthers   the other processes end, then every descriptor but the first three is marked to be closed (from Progress on)
//     LeavingPhase     the program is loaded, with the strings that its memory has now
//     ClosingPhase     the program has been exchanged, and descriptors are closed
//
// The oldest thread does it, and the others sleep until it ends them as execve does. What cannot be loaded ends as if it had been killed:
// there is no program to return to.
using System;
using Aurora.Base;
using Aurora.Linux.Elf;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class RestartCalls
{
    private const int FirstOwnDescriptor = 3;
    private const int NameBytes = 16;

    public static void Register(SystemCallTable table) => table.Register(CallContinuation.RestartProgram, &Restart);

    private static SystemCallResult Restart(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        // A program has made it.
        if (thread->Call.Phase == 0)
            return Errno.ENOSYS;
        if (thread != thread->Process->FirstThread)
            return SystemCallResult.BlockedUninterruptible;
        return thread->Call.Phase switch
        {
            CallContinuation.AwaitingOthers => EndOthers(kernel, thread),
            ExitCalls.ClosingPhase => ExitCalls.CloseFiles(kernel, thread),
            _ => Load(kernel, thread),
        };
    }

    private static SystemCallResult EndOthers(LinuxKernel kernel, Thread* thread)
    {
        Process* process = thread->Process;
        int left = ProcessLife.UnitsPerStep;
        switch (kernel.Life.EndOthers(process, ref left))
        {
            case EndProgress.More:
                return SystemCallResult.Again;
            case EndProgress.AwaitsOthers:
                kernel.Scheduler.BlockOn(thread, &process->ChildChanged);
                return SystemCallResult.BlockedUninterruptible;
        }
        if (MarkDescriptors(kernel, thread, ref left))
        {
            thread->Call.Progress = 0;
            thread->Call.Phase = ExitCalls.LeavingPhase;
        }
        return SystemCallResult.Again;
    }

    // False when there are more.
    private static bool MarkDescriptors(LinuxKernel kernel, Thread* thread, ref int left)
    {
        var table = (DescriptorTable*)thread->Process->Descriptors;
        for (int inherited = 0; inherited < FirstOwnDescriptor; inherited++)
            if (Descriptors.Find(table, inherited) != null)
                kernel.Files.Descriptors.SetCloseOnExec(table, inherited, false);
        int first = Math.Max(FirstOwnDescriptor, (int)Math.Min(thread->Call.Progress, DescriptorTable.MaxDescriptors));
        for (int next = Descriptors.NextOpen(table, first); next >= 0; next = Descriptors.NextOpen(table, next + 1))
        {
            thread->Call.Progress = (ulong)next;
            if (left-- <= 0)
                return false;
            kernel.Files.Descriptors.SetCloseOnExec(table, next, true);
        }
        return true;
    }

    private static SystemCallResult Load(LinuxKernel kernel, Thread* thread)
    {
        ProgramLoader loader = kernel.Programs;
        Inode* program = kernel.Files.Proc.ExecutableOf(thread->Process);
        if (program == null)
            return End(kernel, thread);
        SystemCallResult collected = Collect(kernel, thread, out int nameBytes);
        if (collected.Outcome != SystemCallOutcome.Done)
            return collected;
        if (collected.IsError)
            return End(kernel, thread);
        SystemCallResult result = loader.Execute(thread, program, default, loader.PathBuffer[..nameBytes], true);
        return result.IsError ? End(kernel, thread) : result;
    }

    private static SystemCallResult End(LinuxKernel kernel, Thread* thread)
    {
        kernel.Life.BeginEnd(thread->Process, WaitStatus.Killed((int)Signal.SIGKILL));
        return ExitCalls.ContinueEnd(kernel, thread);
    }

    // The strings are where execve has put them, and the name that it was given follows them, into the page for paths.
    private static SystemCallResult Collect(LinuxKernel kernel, Thread* thread, out int nameBytes)
    {
        Process* process = thread->Process;
        ProgramLoader loader = kernel.Programs;
        nameBytes = 0;
        loader.Arguments.Clear();
        if (!Collect(kernel, thread, process->ArgumentsStart, process->ArgumentsEnd, false, out SystemCallResult failure)
            || !Collect(kernel, thread, process->EnvironmentStart, process->EnvironmentEnd, true, out failure))
            return failure;
        if (loader.Arguments.ArgumentCount == 0 && !loader.Arguments.AddFront(default))
            return Errno.E2BIG;
        var behind = new VirtualAddress(process->EnvironmentEnd);
        AccessResult access = kernel.User.ReadString(process->AddressSpace, behind, loader.PathBuffer);
        if (access.Status == MemoryStatus.WouldBlock)
            return kernel.Stop(thread, in access);
        nameBytes = access.IsOk ? (int)access.Bytes : 0;
        if (nameBytes != 0)
            return Errno.Ok;
        // The program has written over it.
        var shown = new ReadOnlySpan<byte>(process->Name, NameBytes);
        nameBytes = Math.Max(0, shown.IndexOf((byte)0));
        shown[..nameBytes].CopyTo(loader.PathBuffer);
        return Errno.Ok;
    }

    // The strings of an area as they are now; the last one may have lost its NUL.
    private static bool Collect(
        LinuxKernel kernel, Thread* thread, ulong start, ulong end, bool isEnvironment, out SystemCallResult failure)
    {
        ArgumentBlock block = kernel.Programs.Arguments;
        AddressSpace* space = thread->Process->AddressSpace;
        for (ulong at = start; at < end;)
        {
            Span<byte> room = block.Room;
            bool isLast = end - at <= (ulong)room.Length;
            room = isLast ? room[..(int)(end - at)] : room;
            AccessResult access = kernel.User.ReadString(space, new VirtualAddress(at), room);
            if (access.Status == MemoryStatus.TooLong && isLast)
                access = kernel.User.Read(space, new VirtualAddress(at), room);
            if (!access.IsOk)
            {
                failure = access.Status == MemoryStatus.TooLong ? Errno.E2BIG : kernel.Stop(thread, in access);
                return false;
            }
            if (!block.Commit((int)access.Bytes, isEnvironment))
            {
                failure = Errno.E2BIG;
                return false;
            }
            at += access.Bytes + 1;
        }
        failure = default;
        return true;
    }
}
