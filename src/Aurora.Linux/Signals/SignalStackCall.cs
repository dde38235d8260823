using Aurora.Linux.Executive;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Signals;

/// <summary>sigaltstack.</summary>
public static unsafe class SignalStackCall
{
    private const ulong MinimumBytes = 2048;

    public static SystemCallResult Call(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        UserStack current = AlternateStack.Describe(thread, thread->Context->Rsp);
        if (arguments->Arg0 != 0)
        {
            if (!kernel.Read(thread, arguments->Arg0, out UserStack stack, out SystemCallResult failure))
                return failure;
            if ((current.Flags & UserStack.OnStack) != 0)
                return Errno.EPERM;
            if (!HasKnownFlags(in stack))
                return Errno.EINVAL;
            if (!IsAcceptable(in stack))
                return Errno.ENOMEM;
            if (!kernel.WriteIfWanted(thread, arguments->Arg1, in current, out failure))
                return failure;
            Set(thread, in stack);
            kernel.Tracked.MarkChanged(&thread->Header);
            return 0;
        }
        return kernel.WriteIfWanted(thread, arguments->Arg1, in current, out SystemCallResult error) ? 0 : error;
    }

    /// <summary>True when a stack could be installed: large enough, or disabled.</summary>
    public static bool IsAcceptable(in UserStack stack)
        => HasKnownFlags(in stack) && ((stack.Flags & UserStack.Disabled) != 0 || stack.Bytes >= MinimumBytes);

    public static void Set(Thread* thread, in UserStack stack)
    {
        if ((stack.Flags & UserStack.Disabled) != 0)
        {
            AlternateStack.Disarm(thread);
            return;
        }
        thread->AlternateStack = stack.Pointer;
        thread->AlternateStackBytes = stack.Bytes;
        thread->AlternateStackFlags = stack.Flags & UserStack.AutoDisarm;
    }

    private static bool HasKnownFlags(in UserStack stack)
        => (stack.Flags & ~(UserStack.AutoDisarm | UserStack.OnStack | UserStack.Disabled)) == 0;
}
