using System;

namespace Aurora.Bench;

/// <summary>A measurement that could not be made; the message says what to do about it, or what the guest printed.</summary>
public sealed class BenchException : Exception
{
    public BenchException(string message)
        : base(message)
    {
    }

    public BenchException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public BenchException()
    {
    }
}
