// Who may look into another process: its memory, its environment, what it has open (Linux's ptrace access rule).
using Aurora.Posix.Threads;

namespace Aurora.Posix.Processes;

/// <summary>Decides about one process looking into another.</summary>
public static unsafe class ProcessAccess
{
    /// <summary>True when a caller may see what a process has in memory and open, acting with its file ids or with its real ones.</summary>
    public static bool MayInspect(Process* caller, ref Credentials credentials, Process* target, bool usesRealIds)
    {
        if (caller == target)
            return true;
        bool isTracer = credentials.Has(Capability.SysPtrace);
        uint uid = usesRealIds ? credentials.RealUid : credentials.FileUid;
        uint gid = usesRealIds ? credentials.RealGid : credentials.FileGid;
        ref Credentials its = ref target->Credentials;
        bool isSameUser = uid == its.RealUid && uid == its.EffectiveUid && uid == its.SavedUid
            && gid == its.RealGid && gid == its.EffectiveGid && gid == its.SavedGid;
        if (!isSameUser && !isTracer)
            return false;
        if (target->AddressSpace != null && !target->IsDumpable && !isTracer)
            return false;
        ulong mine = usesRealIds ? credentials.Capabilities.Permitted : credentials.Capabilities.Effective;
        return (its.Capabilities.Permitted & ~mine) == 0 || isTracer;
    }

    /// <summary>True for a process all of whose ids are the caller's real ones, and for who may set others' limits.</summary>
    public static bool MayLimit(Process* caller, Process* target)
    {
        ref Credentials mine = ref caller->Credentials;
        ref Credentials its = ref target->Credentials;
        return caller == target || mine.Has(Capability.SysResource)
            || (mine.RealUid == its.RealUid && mine.RealUid == its.EffectiveUid && mine.RealUid == its.SavedUid
                && mine.RealGid == its.RealGid && mine.RealGid == its.EffectiveGid && mine.RealGid == its.SavedGid);
    }

    /// <summary>True when a caller may change how a process is scheduled.</summary>
    public static bool MaySchedule(Process* caller, Process* target)
    {
        uint mine = caller->Credentials.EffectiveUid;
        return mine == target->Credentials.EffectiveUid || mine == target->Credentials.RealUid
            || caller->Credentials.Has(Capability.SysNice);
    }

    /// <summary>
    /// Gives the process of a thread new credentials. One that has changed ids or gained is not its user's to look into any more, until it
    /// executes a program.
    /// </summary>
    public static void Commit(Thread* thread, in Credentials changed)
    {
        Process* process = thread->Process;
        if (changed.DiffersFrom(in process->Credentials))
        {
            process->IsDumpable = false;
            thread->ParentDeathSignal = 0;
            process->IsDetached = false;
        }
        process->Credentials = changed;
    }
}
