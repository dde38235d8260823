using System;

namespace Aurora.Base;

/// <summary>Where every layer reports what an operator should see: one line a call, UTF-8, without the newline.</summary>
public static unsafe class KernelLog
{
    /// <summary>The sink; null discards (host tools install their own).</summary>
    public static delegate*<ReadOnlySpan<byte>, void> Sink;

    public static void Line(ReadOnlySpan<byte> text)
    {
        if (Sink != null)
            Sink(text);
    }
}
