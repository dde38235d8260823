// What every store is given: rows of a key, which is a number, and a value of some bytes that do not compress.
using System;
using System.Buffers.Binary;

namespace Aurora.HostBench;

/// <summary>Rows to be stored.</summary>
internal sealed class Rows
{
    private const int Seed = 20;
    private readonly byte[] _values;
    private readonly int _valueBytes;

    public Rows(int count, int valueBytes)
    {
        Count = count;
        _valueBytes = valueBytes;
        _values = new byte[count * valueBytes];
        new Random(Seed).NextBytes(_values);
    }

    public int Count { get; }

    public ReadOnlySpan<byte> Value(int row) => _values.AsSpan(row * _valueBytes, _valueBytes);

    /// <summary>A key whose order as bytes is that of the numbers.</summary>
    public static byte[] Key(long number)
    {
        byte[] key = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(key, number);
        return key;
    }
}
