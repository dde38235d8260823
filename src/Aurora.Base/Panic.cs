// The end of the road for broken invariants. Expected failures are status values; what must not happen comes here.
// The kernel installs a hook that prints a symbolised trace and resets the machine; the host's tests install one that throws.
using System;
using System.Diagnostics.CodeAnalysis;

namespace Aurora.Base;

/// <summary>Stops the system when an invariant is broken. Messages name what was violated: "where: what".</summary>
public static unsafe class Panic
{
    /// <summary>What to do with a panic; must not return. Set once, before anything else runs.</summary>
    public static delegate*<ReadOnlySpan<byte>, void> Hook;

    /// <summary>Stops the system with a UTF-8 message.</summary>
    [DoesNotReturn]
    public static void Fail(ReadOnlySpan<byte> message)
    {
        if (Hook != null)
            Hook(message);
        Environment.FailFast(null);
    }

    /// <summary>Stops the system with a UTF-8 message followed by a value in hexadecimal.</summary>
    [DoesNotReturn]
    public static void Fail(ReadOnlySpan<byte> message, ulong value)
    {
        Span<byte> buffer = stackalloc byte[256];
        var writer = new Utf8Writer(buffer);
        writer.Append(message);
        writer.Append(" 0x"u8);
        writer.AppendHex(value);
        Fail(writer.Written);
    }

    /// <summary>Stops the system unless <paramref name="condition"/> holds.</summary>
    public static void Unless([DoesNotReturnIf(false)] bool condition, ReadOnlySpan<byte> message)
    {
        if (!condition)
            Fail(message);
    }
}
