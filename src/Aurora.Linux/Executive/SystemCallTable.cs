// The map from call numbers to functions. A function is dispatched with the thread and its arguments, possibly several times (see
// SystemCallResult). Numbers of Aurora's own calls start at 0x5A000, beyond anything Linux will use, and go to a second, small table.
using System.Runtime.CompilerServices;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Executive;

/// <summary>The system calls of the Linux x86-64 ABI and of the Aurora API, and how often each was made.</summary>
public sealed unsafe class SystemCallTable
{
    public const uint LinuxLimit = 1024;
    public const uint AuroraFirst = 0x5A000;
    public const uint AuroraCount = 256;

    private readonly delegate*<LinuxKernel, Thread*, SystemCallArguments*, SystemCallResult>[] _linux
        = new delegate*<LinuxKernel, Thread*, SystemCallArguments*, SystemCallResult>[LinuxLimit];
    private readonly delegate*<LinuxKernel, Thread*, SystemCallArguments*, SystemCallResult>[] _aurora
        = new delegate*<LinuxKernel, Thread*, SystemCallArguments*, SystemCallResult>[AuroraCount];
    private readonly ulong[] _unknownCalls = new ulong[LinuxLimit];

    /// <summary>Calls made, known or not.</summary>
    public ulong CallCount { get; private set; }

    /// <summary>Calls refused with ENOSYS.</summary>
    public ulong UnknownCount { get; private set; }

    /// <summary>Sets the function of a call; at boot, once per number.</summary>
    public void Register(uint number, delegate*<LinuxKernel, Thread*, SystemCallArguments*, SystemCallResult> call)
    {
        if (number < LinuxLimit)
        {
            Base.Panic.Unless(_linux[number] == null, "system calls: a number was registered twice"u8);
            _linux[number] = call;
            return;
        }
        Base.Panic.Unless(number - AuroraFirst < AuroraCount, "system calls: a number outside both tables"u8);
        _aurora[number - AuroraFirst] = call;
    }

    /// <summary>True when the call is implemented.</summary>
    public bool IsKnown(uint number) => Find(number) != null;

    /// <summary>How often the unknown call with this number below <see cref="LinuxLimit"/> was made.</summary>
    public ulong UnknownCallsOf(uint number) => number < LinuxLimit ? _unknownCalls[number] : 0;

    /// <summary>Counts a call at its entry (not at its continuations).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CountEntry() => CallCount++;

    /// <summary>Dispatches the thread's current call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SystemCallResult Dispatch(LinuxKernel kernel, Thread* thread)
    {
        delegate*<LinuxKernel, Thread*, SystemCallArguments*, SystemCallResult> call = Find(thread->Call.Number);
        return call != null ? call(kernel, thread, &thread->Call.Arguments) : Refuse(thread);
    }

    private SystemCallResult Refuse(Thread* thread)
    {
        UnknownCount++;
        if (thread->Call.Number < LinuxLimit)
            _unknownCalls[thread->Call.Number]++;
        return Errno.ENOSYS;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private delegate*<LinuxKernel, Thread*, SystemCallArguments*, SystemCallResult> Find(uint number)
    {
        if (number < LinuxLimit)
            return _linux[number];
        return number - AuroraFirst < AuroraCount ? _aurora[number - AuroraFirst] : null;
    }
}
