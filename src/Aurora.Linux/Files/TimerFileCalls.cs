// timerfd_create, timerfd_settime, timerfd_gettime. Errors come in the order in which Linux looks for them; what a call stores is stored
// before it has an effect, so that a call that fails for its memory has done nothing.
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class TimerFileCalls
{
    public static void Register(SystemCallTable table)
    {
        table.Register(283, &Create);
        table.Register(286, &SetTime);
        table.Register(287, &GetTime);
    }

    private static SystemCallResult Create(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var clock = (TimerFileClock)a->Int0;
        bool isKnown = clock is TimerFileClock.Realtime or TimerFileClock.Monotonic or TimerFileClock.BootTime
            or TimerFileClock.RealtimeAlarm or TimerFileClock.BootTimeAlarm;
        if (!isKnown || (a->UInt1 & ~(OpenFlags.NonBlocking | OpenFlags.CloseOnExec)) != 0)
            return Errno.EINVAL;
        if (clock is TimerFileClock.RealtimeAlarm or TimerFileClock.BootTimeAlarm && !MayWake(thread))
            return Errno.EPERM;
        var call = new FileCall(kernel, thread);
        FileCaller caller = call.Caller;
        Errno error = kernel.Files.Anonymous.MakeTimer(in caller, clock, a->UInt1, out OpenFile* file);
        return error == Errno.Ok ? EventCalls.Install(ref call, file, a->UInt1) : error;
    }

    private static SystemCallResult SetTime(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!call.Read(a->Arg2, out IntervalTimespec request))
            return call.Failure;
        if ((a->UInt1 & ~(uint)TimerFileFlags.All) != 0 || !request.IsValid)
            return Errno.EINVAL;
        if (!Find(ref call, a->Int0, out TimerFile* timer))
            return call.Failure;
        if (timer->IsAlarm && !MayWake(thread))
            return Errno.EPERM;
        IntervalTimespec old = Describe(kernel, timer);
        if (a->Arg3 != 0 && !call.Write(a->Arg3, in old))
            return call.Failure;
        return kernel.Files.TimerFiles.Set(
            timer, (TimerFileFlags)a->UInt1, request.Value.ToNanoseconds(), request.Interval.ToNanoseconds());
    }

    private static SystemCallResult GetTime(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!Find(ref call, a->Int0, out TimerFile* timer))
            return call.Failure;
        IntervalTimespec value = Describe(kernel, timer);
        return call.Write(a->Arg1, in value) ? Errno.Ok : call.Failure;
    }

    private static bool Find(ref FileCall call, int descriptor, out TimerFile* timer)
    {
        timer = null;
        if (!call.File(descriptor, out OpenFile* file))
            return false;
        call.Failure = Errno.EINVAL;
        if (file->Kind != FileKind.Timer)
            return false;
        timer = (TimerFile*)file->Attachment;
        return true;
    }

    private static IntervalTimespec Describe(LinuxKernel kernel, TimerFile* timer) => new()
    {
        Value = Timespec.From(kernel.Files.TimerFiles.Left(timer)),
        Interval = Timespec.From(timer->IntervalNanoseconds),
    };

    private static bool MayWake(Thread* thread) => thread->Process->Credentials.Has(Capability.WakeAlarm);
}
