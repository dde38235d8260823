using Aurora.Posix.Threads;

namespace Aurora.Linux.Executive;

/// <summary>The services behind the Linux system calls; what every call gets as its first argument. Made once at boot.</summary>
public sealed unsafe partial class LinuxKernel
{
    public LinuxKernel(ThreadScheduler scheduler) => Scheduler = scheduler;

    public ThreadScheduler Scheduler { get; }

    public SystemCallTable Calls { get; } = new();
}
