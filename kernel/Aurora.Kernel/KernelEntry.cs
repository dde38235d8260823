// Where the assembly entry arrives: long mode, boot page tables, boot stack, interrupts disabled.
using System.Runtime;
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Kernel;

internal static unsafe class KernelEntry
{
    [RuntimeExport("AuroraStart")]
    private static void Start(uint startInfo)
    {
        EarlyConsole.Initialize();
        KernelLog.Line("aurora: started"u8);
        Cpu.Stop();
    }
}
