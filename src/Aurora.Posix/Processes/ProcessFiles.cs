using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Processes;

/// <summary>What the life of a process asks of its descriptor table and file context (Process.Descriptors, Process.FileSystem).</summary>
public abstract unsafe class ProcessFiles
{
    /// <summary>
    /// Gives a new process its parent's descriptors and file context, shared or copied, and the program it runs. On failure the child has
    /// nothing.
    /// </summary>
    public abstract Errno Inherit(Process* parent, Process* child, bool shareDescriptors, bool shareContext);

    /// <summary>
    /// Gives a process descriptors and a file context of its own where others share them; both or, without memory, neither.
    /// </summary>
    public abstract Errno Unshare(Process* process, bool descriptors, bool context);

    /// <summary>
    /// Closes descriptors marked close-on-exec, each one of <paramref name="left"/>; execve has passed its point of no return. False when
    /// there are more.
    /// </summary>
    public abstract bool CloseOnExec(Process* process, ref int left);

    /// <summary>Makes what <see cref="CloseOnExec"/> may need, so that it cannot fail later.</summary>
    public abstract Errno PrepareExec(Process* process);

    /// <summary>
    /// Releases the record locks that <see cref="CloseOnExec"/> would release, from <paramref name="position"/> on and as many as
    /// <paramref name="left"/> allows. False, with the position moved on, when there are more.
    /// </summary>
    public abstract bool ReleaseLocksForExec(Process* process, ref ulong position, ref int left);

    /// <summary>A thread has ended, perhaps in the middle of a file call.</summary>
    public abstract void ThreadEnded(Thread* thread);

    /// <summary>
    /// Closes descriptors of a process that is ending, unless others share them, and releases their locks; each counts one of
    /// <paramref name="left"/>. False when there are more.
    /// </summary>
    public abstract bool CloseSome(Process* process, ref int left);

    /// <summary>Gives up descriptors, file context and program at the end of the process.</summary>
    public abstract void Release(Process* process);
}
