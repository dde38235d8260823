using System;
using Aurora.Core;
using Aurora.Hal;

namespace Aurora.Kernel;

/// <summary>
/// Words on the kernel's command line that make it test itself or fail on purpose: "selftest", "panic=KIND". For the system tests; the boot
/// configuration proper comes as a module.
/// </summary>
internal static class Diagnostics
{
    public static void Run(ReadOnlySpan<byte> commandLine, BareMachine machine, Hardware hardware)
    {
        while (!commandLine.IsEmpty)
        {
            int end = commandLine.IndexOf((byte)' ');
            ReadOnlySpan<byte> word = end < 0 ? commandLine : commandLine[..end];
            commandLine = end < 0 ? default : commandLine[(end + 1)..];
            if (word.StartsWith("panic="u8))
                DeliberateFailure.Run(word["panic="u8.Length..]);
            else if (word.SequenceEqual("selftest"u8))
                SelfTest.Run(machine, hardware);
        }
    }
}
