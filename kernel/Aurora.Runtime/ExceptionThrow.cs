// There are no exceptions in the kernel. The class library's throw helpers (index out of range, null reference, …) end here: what they
// report is a broken invariant. The trace that the failure prints names the helper and the method that called it.
using System.Runtime;

namespace Aurora.Runtime;

internal static unsafe class ExceptionThrow
{
    [RuntimeExport("RhpThrowEx")]
    private static void Throw(void* exception) => RuntimeFailure.Fail("runtime: exception thrown"u8);

    [RuntimeExport("RhpFallbackFailFast")]
    private static void FailFast() => RuntimeFailure.Fail("runtime: fail fast"u8);
}
