using System;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>What is told of a process that was restored and does not run.</summary>
public static unsafe class CoreProcess
{
    private const int NameBytes = 16;

    /// <summary>The thread with the process's number; if that has ended, the one made next. Null for a process that has ended.</summary>
    public static Thread* LeaderOf(Process* process)
    {
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
        {
            if (thread->Id == process->Id)
                return thread;
        }
        return process->FirstThread;
    }

    /// <summary>The letter for what a thread of a process does. One that waits is in a call; queues are not saved.</summary>
    public static char StateOf(Process* process, Thread* thread)
        => process->State == ProcessState.Zombie || thread == null ? 'Z' : process->IsStopped ? 'T' : thread->Call.Active ? 'S' : 'R';

    /// <summary>Its name, as /proc/N/comm tells it.</summary>
    public static ReadOnlySpan<byte> NameOf(Process* process)
    {
        var name = new ReadOnlySpan<byte>(process->Name, NameBytes);
        int end = name.IndexOf((byte)0);
        return end < 0 ? name : name[..end];
    }

    /// <summary>True when it has memory and threads, so that there is something to write.</summary>
    public static bool HasCore(Process* process)
        => process->State != ProcessState.Zombie && process->AddressSpace != null && process->FirstThread != null;
}
