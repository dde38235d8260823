using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>On whose behalf a file operation is done: where its paths start, what it may do, and who waits if it must wait.</summary>
public unsafe ref struct FileCaller
{
    /// <summary>The thread whose call it is; null for the kernel itself and for host tools.</summary>
    public Thread* Thread;
    public FileContext* Context;
    public Credentials* Credentials;

    /// <summary>Check the real ids in place of the file ids (access(2)).</summary>
    public bool UseRealIds;

    /// <summary>What is not in memory is EAGAIN (RESOLVE_CACHED).</summary>
    public bool MustNotWait;

    public FileCaller(Thread* thread)
    {
        Thread = thread;
        Context = (FileContext*)thread->Process->FileSystem;
        Credentials = &thread->Process->Credentials;
    }

    public readonly uint Uid => UseRealIds ? Credentials->RealUid : Credentials->FileUid;
    public readonly uint Gid => UseRealIds ? Credentials->RealGid : Credentials->FileGid;

    /// <summary>True when the caller has a capability; with the real ids, when the real user would have it.</summary>
    public readonly bool Has(Capability capability)
        => UseRealIds
            ? (Credentials->Capabilities.EffectiveOfReal(Credentials->RealUid) >> (int)capability & 1) != 0
            : Credentials->Has(capability);

    public readonly bool IsInGroup(uint gid)
    {
        if (gid == Gid)
            return true;
        for (int i = 0; i < Credentials->GroupCount; i++)
            if (Credentials->Groups[i] == gid)
                return true;
        return false;
    }
}
