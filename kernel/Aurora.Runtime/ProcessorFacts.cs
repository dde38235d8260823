// Questions the class library asks about the thread, the processor and the collector.
using System.Runtime;

namespace Aurora.Runtime;

internal static unsafe class ProcessorFacts
{
    [RuntimeExport("RhCurrentOSThreadId")]
    private static ulong CurrentThreadId() => 1;

    [RuntimeExport("RhGetProcessCpuCount")]
    private static int ProcessorCount() => 1;

    [RuntimeExport("RhSpinWait")]
    private static void SpinWait(int iterations)
    {
    }

    [RuntimeExport("RhSuppressFinalize")]
    private static void SuppressFinalize(void* instance)
    {
    }

    [RuntimeExport("RhReRegisterForFinalize")]
    private static byte ReRegisterForFinalize(void* instance) => 1;

    [RuntimeExport("DebugDebugger_IsNativeDebuggerAttached")]
    private static int IsNativeDebuggerAttached() => 0;
}
