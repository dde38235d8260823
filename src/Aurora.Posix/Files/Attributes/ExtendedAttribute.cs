// An extended attribute of a file (xattr(7)): a name and bytes. An inode's attributes are a list in the order of their names. Each is a kernel object of
// its own, because an inode's record is bounded; so is what one may hold. Protected by the kernel lock.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>One attribute. Name and value follow each other, inline while they are short, else in a page.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ExtendedAttribute
{
    public const int MaxNameBytes = 255;

    /// <summary>The most that a name and its value have together: what fits a record.</summary>
    public const int MaxBytes = 2944;

    /// <summary>The most that one file has.</summary>
    public const int MaxOfInode = 64;
    public const int InlineBytes = 80;

    public ObjectHeader Header;
    public Inode* Owner;

    /// <summary>The owner's next one.</summary>
    public ExtendedAttribute* Next;
    public ushort NameLength;
    public ushort ValueLength;
    internal byte* Page;
    internal fixed byte Inline[InlineBytes];

    public readonly int Length => NameLength + ValueLength;

    /// <summary>Name and value of an attribute in the slab (never of a copy on the stack).</summary>
    public static ReadOnlySpan<byte> BytesOf(ExtendedAttribute* attribute)
        => new(attribute->Page != null ? attribute->Page : attribute->Inline, attribute->Length);

    public static ReadOnlySpan<byte> NameOf(ExtendedAttribute* attribute) => BytesOf(attribute)[..attribute->NameLength];

    public static ReadOnlySpan<byte> ValueOf(ExtendedAttribute* attribute) => BytesOf(attribute)[attribute->NameLength..];
}
