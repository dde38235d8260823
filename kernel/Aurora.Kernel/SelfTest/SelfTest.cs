// Checks that need the real processor: started by the word "selftest" on the kernel's command line instead of a guest. Each check prints
// "@selftest NAME ok" or panics with what was wrong; "@selftest done" and a power-off with status 0 end it.
using System;
using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;

namespace Aurora.Kernel;

/// <summary>Runs the machine checks.</summary>
internal static class SelfTest
{
    public static void Run(BareMachine machine, Hardware hardware)
    {
        CopyTest.Run(machine);
        FrameTest.Run(machine);
        FiberTest.Run(new KernelFibers(machine.Frames, machine.Pages, hardware.Clock), machine);
        new UserModeTest(machine, hardware).Run();
        KernelLog.Line("@selftest done"u8);
        hardware.PowerOff(0);
    }

    public static void Passed(ReadOnlySpan<byte> name)
    {
        Span<byte> buffer = stackalloc byte[96];
        var line = new Utf8Writer(buffer);
        line.Append("@selftest "u8);
        line.Append(name);
        line.Append(" ok"u8);
        KernelLog.Line(line.Written);
    }

    public static void Expect(ulong actual, ulong expected, ReadOnlySpan<byte> what)
    {
        if (actual == expected)
            return;
        Span<byte> buffer = stackalloc byte[160];
        var line = new Utf8Writer(buffer);
        line.Append("selftest: "u8);
        line.Append(what);
        line.Append(" is 0x"u8);
        line.AppendHex(actual);
        line.Append(", expected 0x"u8);
        line.AppendHex(expected);
        Panic.Fail(line.Written);
    }
}
