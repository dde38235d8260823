// struct sockaddr_un, as programs give it and get it: a family and up to 108 bytes. A path ends with its first zero, or with the address;
// an abstract name begins with a zero and has all the bytes there are.
using System;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;

namespace Aurora.Linux.Files;

/// <summary>An address that a program has given.</summary>
internal unsafe ref struct SocketAddress
{
    public const ushort Unspecified = 0;
    public const ushort Unix = 1;
    public const int FamilyBytes = 2;

    /// <summary>The longest address of any family (struct sockaddr_storage), and of this one.</summary>
    public const int MostBytes = 128;
    private const int Bytes = FamilyBytes + 108;

    private fixed byte _bytes[MostBytes];
    private int _length;

    public readonly int Length => _length;

    public readonly ushort Family => _length < FamilyBytes ? Unspecified : (ushort)(_bytes[0] | (_bytes[1] << 8));

    /// <summary>Only a family: bind gives the socket a name of its own.</summary>
    public readonly bool HasNoName => _length == FamilyBytes;

    public readonly bool IsAbstract => _bytes[FamilyBytes] == 0;

    /// <summary>The path, without the zero behind it, or the abstract name with the zero before it.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Name
    {
        get
        {
            fixed (byte* bytes = _bytes)
            {
                var name = new ReadOnlySpan<byte>(bytes + FamilyBytes, _length - FamilyBytes);
                int end = IsAbstract ? -1 : name.IndexOf((byte)0);
                return end < 0 ? name : name[..end];
            }
        }
    }

    /// <summary>Reads an address. EINVAL for lengths that none has, EFAULT; what it says is not looked at.</summary>
    public bool Read(ref FileCall call, ulong address, int length)
    {
        _length = length;
        call.Failure = Errno.EINVAL;
        if (length is < 0 or > MostBytes)
            return false;
        fixed (byte* bytes = _bytes)
            return length == 0 || call.ReadBytes(address, new Span<byte>(bytes, length));
    }

    /// <summary>EINVAL unless it is one of a socket of this family, with a name.</summary>
    public readonly Errno Check() => _length is <= FamilyBytes or > Bytes || Family != Unix ? Errno.EINVAL : Errno.Ok;

    /// <summary>
    /// Gives the program a name, as much as it has room for, and how long it is: what accept, getsockname and recvfrom do. EINVAL for
    /// negative room.
    /// </summary>
    public static bool Write(ref FileCall call, ReadOnlySpan<byte> name, ulong address, ulong lengthAddress)
    {
        if (!call.Read(lengthAddress, out int room))
            return false;
        call.Failure = Errno.EINVAL;
        if (room < 0)
            return false;
        Span<byte> bytes = stackalloc byte[FamilyBytes + Socket.MaxNameBytes];
        int length = Format(name, bytes);
        return (room == 0 || call.WriteBytes(address, bytes[..Math.Min(room, length)])) && call.Write(lengthAddress, length);
    }

    /// <summary>The address of a name, in bytes; an unnamed socket has only a family.</summary>
    public static int Format(ReadOnlySpan<byte> name, Span<byte> bytes)
    {
        bytes[0] = (byte)Unix;
        bytes[1] = 0;
        name.CopyTo(bytes[FamilyBytes..]);
        return FamilyBytes + name.Length;
    }
}
