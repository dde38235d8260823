using System;
using System.Diagnostics.CodeAnalysis;
using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;

namespace Aurora.Kernel;

/// <summary>Tells the launcher why there is no session, or no more.</summary>
internal static class Refusal
{
    /// <summary>Reports a reason; always false, for "return Refusal.Report(…)".</summary>
    public static bool Report(ReadOnlySpan<byte> what, ReadOnlySpan<byte> reason)
    {
        Span<byte> buffer = stackalloc byte[256];
        var line = new Utf8Writer(buffer);
        line.Append("@refused "u8);
        line.Append(what);
        line.Append(": "u8);
        line.Append(reason);
        KernelLog.Line(line.Written);
        return false;
    }

    /// <summary>Stops a machine that cannot be booted, once what was reported has been sent.</summary>
    [DoesNotReturn]
    public static void Stop(Hardware hardware)
    {
        hardware.ControlPort.Flush();
        Cpu.Stop();
    }
}
