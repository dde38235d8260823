using System;
using System.Runtime.CompilerServices;
using System.Text;
using Aurora.Base;

namespace Aurora.Testing;

/// <summary>A broken invariant, as a host test sees it.</summary>
public sealed class PanicException(string message) : Exception(message);

/// <summary>Makes Panic throw on the host. Runs when a test assembly first touches this one; call Install to be certain.</summary>
public static unsafe class HostEnvironment
{
#pragma warning disable CA2255 // A module initializer is exactly what is meant: no test may run without the hook.
    [ModuleInitializer]
    public static void Install() => Panic.Hook = &Throw;
#pragma warning restore CA2255

    private static void Throw(ReadOnlySpan<byte> message) => throw new PanicException(Encoding.UTF8.GetString(message));
}
