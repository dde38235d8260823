using System;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>Prints the call chain of a failed kernel, innermost first.</summary>
internal static unsafe class StackTrace
{
    private const int MaxFrames = 48;

    public static void Report(CpuPosition position)
    {
        for (int depth = 0; depth < MaxFrames; depth++)
        {
            ReportFrame(position.Rip);
            if (!Unwind(ref position))
                break;
        }
    }

    private static void ReportFrame(ulong address)
    {
        Span<byte> buffer = stackalloc byte[256];
        var line = new Utf8Writer(buffer);
        line.Append("  at "u8);
        line.AppendHex(address);
        KernelPanic.Report(line.Written);
    }

    private static bool Unwind(ref CpuPosition position)
    {
        ulong frame = position.Rbp;
        if (frame <= position.Rsp || (frame & 7) != 0 || frame - position.Rsp > 1 << 20)
            return false;
        position.Rip = *(ulong*)(frame + 8);
        position.Rbp = *(ulong*)frame;
        position.Rsp = frame + 16;
        return position.Rip != 0;
    }
}
