using Aurora.Posix.Threads;

namespace Aurora.Linux.Signals;

/// <summary>The alternate signal stack of a thread (sigaltstack).</summary>
public static unsafe class AlternateStack
{
    /// <summary>True when a stack pointer lies on the thread's alternate stack; never with SS_AUTODISARM, whose stack is disarmed while in use.</summary>
    public static bool IsOn(Thread* thread, ulong stackPointer)
        => (thread->AlternateStackFlags & UserStack.AutoDisarm) == 0
            && stackPointer > thread->AlternateStack && stackPointer - thread->AlternateStack <= thread->AlternateStackBytes;

    /// <summary>What sigaltstack reports, and what a signal frame saves.</summary>
    public static UserStack Describe(Thread* thread, ulong stackPointer)
    {
        uint state = thread->AlternateStackBytes == 0 ? UserStack.Disabled
            : IsOn(thread, stackPointer) ? UserStack.OnStack : 0u;
        return new UserStack
        {
            Pointer = thread->AlternateStack,
            Flags = state | (thread->AlternateStackFlags & UserStack.AutoDisarm),
            Bytes = thread->AlternateStackBytes,
        };
    }

    public static void Disarm(Thread* thread)
    {
        thread->AlternateStack = 0;
        thread->AlternateStackBytes = 0;
        thread->AlternateStackFlags = UserStack.Disabled;
    }
}
