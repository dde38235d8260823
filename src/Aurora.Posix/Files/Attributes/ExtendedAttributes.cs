// The extended attributes of a file (xattr(7)), all in one kernel object with one record, as a file system keeps them in a block: so a file
// that ends, of which one step may end thousands, takes one object more and no more, and a file's attributes pin a page at most.
//
// The bytes are the attributes one after the other, in the order of their names, none twice:
//   1 byte   length of the name, 1 to 255
//   2 bytes  length of the value, little endian
//   the name, the value
// Protected by the kernel lock.
using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>All attributes of one file, at least one. The bytes are inline while they are few, else in a page.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ExtendedAttributes
{
    public const int MaxNameBytes = 255;

    /// <summary>The most that all attributes of a file have together: what fits a record.</summary>
    public const int MaxBytes = 2944;

    /// <summary>What an attribute takes beside its name and value.</summary>
    public const int HeadBytes = 3;
    public const int InlineBytes = 80;

    public ObjectHeader Header;
    public Inode* Owner;
    public ushort Length;
    internal byte* Page;
    internal fixed byte Inline[InlineBytes];

    /// <summary>The bytes of attributes in the slab (never of a copy on the stack).</summary>
    public static ReadOnlySpan<byte> BytesOf(ExtendedAttributes* attributes)
        => new(attributes->Page != null ? attributes->Page : attributes->Inline, attributes->Length);

    /// <summary>A walk over a file's attributes; valid until they change.</summary>
    public static AttributeWalk WalkOf(Inode* inode) => new(inode->Attributes == null ? default : BytesOf(inode->Attributes));

    /// <summary>True for bytes as described above.</summary>
    public static bool AreValid(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is 0 or > MaxBytes)
            return false;
        ReadOnlySpan<byte> previous = default;
        int at = 0;
        for (; at <= bytes.Length - HeadBytes; at += AttributeWalk.LengthAt(bytes[at..]))
        {
            int nameLength = bytes[at];
            if (nameLength == 0 || AttributeWalk.LengthAt(bytes[at..]) > bytes.Length - at)
                return false;
            ReadOnlySpan<byte> name = bytes.Slice(at + HeadBytes, nameLength);
            if (previous.SequenceCompareTo(name) >= 0)
                return false;
            previous = name;
        }
        return at == bytes.Length;
    }
}

/// <summary>Goes through the attributes of a file in the order of their names.</summary>
public ref struct AttributeWalk(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _next;

    /// <summary>Where the attribute begins among the bytes.</summary>
    public int Start { get; private set; }

    public readonly int End => _next;
    public ReadOnlySpan<byte> Name { get; private set; }
    public ReadOnlySpan<byte> Value { get; private set; }

    public bool MoveNext()
    {
        Start = _next;
        if (_next == _bytes.Length)
            return false;
        ReadOnlySpan<byte> rest = _bytes[_next..];
        int length = LengthAt(rest);
        Name = rest.Slice(ExtendedAttributes.HeadBytes, rest[0]);
        Value = rest[(ExtendedAttributes.HeadBytes + rest[0])..length];
        _next += length;
        return true;
    }

    /// <summary>Goes to an attribute; false, and before where it would be, when there is none of that name.</summary>
    public bool MoveTo(scoped ReadOnlySpan<byte> name)
    {
        while (MoveNext())
        {
            int order = Name.SequenceCompareTo(name);
            if (order == 0)
                return true;
            if (order < 0)
                continue;
            _next = Start;
            return false;
        }
        return false;
    }

    internal static int LengthAt(ReadOnlySpan<byte> bytes)
        => ExtendedAttributes.HeadBytes + bytes[0] + BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..]);

    internal static void Write(Span<byte> bytes, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        bytes[0] = (byte)name.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[1..], (ushort)value.Length);
        name.CopyTo(bytes[ExtendedAttributes.HeadBytes..]);
        value.CopyTo(bytes[(ExtendedAttributes.HeadBytes + name.Length)..]);
    }
}
