using Aurora.Posix.Threads;

namespace Aurora.Posix.Processes;

/// <summary>Processor time of a process: that of its ended threads plus that of the living.</summary>
public static unsafe class ProcessTimes
{
    public static ulong User(Process* process)
    {
        ulong sum = process->UserNanoseconds;
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
            sum += thread->UserNanoseconds;
        return sum;
    }

    public static ulong System(Process* process)
    {
        ulong sum = process->SystemNanoseconds;
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
            sum += thread->SystemNanoseconds;
        return sum;
    }
}
