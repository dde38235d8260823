// What a pidfd leads to, as long as one is open: all pidfds of a process share it. It stays when the process has been waited for, so a
// number that is given out again leads to nobody else.
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Processes;

/// <summary>
/// A process, as long as there is one (pidfd_open(2)). Persistent (<see cref="ObjectKind.ProcessHandle"/>); Header.References counts the
/// open files.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ProcessHandle
{
    public ObjectHeader Header;

    /// <summary>Null once it has been waited for.</summary>
    public Process* Process;

    /// <summary>Woken when the process ends: poll sleeps here.</summary>
    public WaitQueue Ended;

    /// <summary>True for a zombie too.</summary>
    public readonly bool HasEnded => Process == null || Process->State == ProcessState.Zombie;
}
