using System;
using System.Runtime;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>Gives the runtime's failures the kernel's panic.</summary>
internal static unsafe class RuntimeFailureBinding
{
    [RuntimeExport("AuroraRuntimeFailed")]
    private static void Failed(byte* text, int length) => Panic.Fail(new ReadOnlySpan<byte>(text, length));
}
