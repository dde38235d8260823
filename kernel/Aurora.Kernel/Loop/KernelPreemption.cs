using Aurora.Core;
using Aurora.Posix.SystemCalls;

namespace Aurora.Kernel;

/// <summary>Long calls stop for every interrupt: the main loop serves it, and everything due (deadlines, checkpoints) has a timer's.</summary>
internal sealed class KernelPreemption : Preemption
{
    public override bool IsDue => Interrupts.HaveArrived;
}
