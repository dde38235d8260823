using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>How setxattr takes an attribute that is there already, or is not.</summary>
[Flags]
public enum AttributeChange : uint
{
    Either = 0,
    Create = 1,
    Replace = 2,
}

public sealed unsafe partial class FileServices
{
    private readonly Slab<ExtendedAttribute> _attributes;

    /// <summary>An attribute by its full name, or null.</summary>
    public static ExtendedAttribute* FindAttribute(Inode* inode, ReadOnlySpan<byte> name)
    {
        ExtendedAttribute* attribute = inode->FirstAttribute;
        while (attribute != null && !ExtendedAttribute.NameOf(attribute).SequenceEqual(name))
            attribute = attribute->Next;
        return attribute;
    }

    /// <summary>Sets an attribute; permissions have been checked. EEXIST, ENODATA, ENOSPC, ENOMEM.</summary>
    public Errno SetAttribute(Inode* inode, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, AttributeChange change)
    {
        ExtendedAttribute* present = FindAttribute(inode, name);
        if (present != null && (change & AttributeChange.Create) != 0)
            return Errno.EEXIST;
        if (present == null && (change & AttributeChange.Replace) != 0)
            return Errno.ENODATA;
        if (name.Length + value.Length > ExtendedAttribute.MaxBytes || Space.IsFull || (present == null && Count(inode) >= ExtendedAttribute.MaxOfInode))
            return Errno.ENOSPC;
        ExtendedAttribute* created = NewAttribute(name, value);
        if (created == null)
            return Errno.ENOMEM;
        if (present != null)
            RemoveAttribute(present);
        created->Owner = inode;
        Attach(created);
        TrackerOf(&inode->Header).Register(&created->Header, ObjectKind.ExtendedAttribute);
        TouchStatus(inode);
        return Errno.Ok;
    }

    /// <summary>Takes an attribute away from its file and ends it.</summary>
    public void RemoveAttribute(ExtendedAttribute* attribute)
    {
        Inode* inode = attribute->Owner;
        ExtendedAttribute** link = &inode->FirstAttribute;
        while (*link != attribute)
            link = &(*link)->Next;
        *link = attribute->Next;
        TrackerOf(&attribute->Header).Remove(&attribute->Header);
        Free(attribute);
        TouchStatus(inode);
    }

    internal void EndAttributes(Inode* inode)
    {
        while (inode->FirstAttribute != null)
        {
            ExtendedAttribute* attribute = inode->FirstAttribute;
            inode->FirstAttribute = attribute->Next;
            TrackerOf(&attribute->Header).Remove(&attribute->Header);
            Free(attribute);
        }
    }

    /// <summary>An attribute with this name and value that is nobody's yet; null when memory is exhausted.</summary>
    internal ExtendedAttribute* NewAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        ExtendedAttribute* created = _attributes.Allocate();
        if (created == null)
            return null;
        int length = name.Length + value.Length;
        if (length > ExtendedAttribute.InlineBytes)
        {
            created->Page = (byte*)Pages.Allocate(1);
            if (created->Page == null)
            {
                _attributes.Free(created);
                return null;
            }
        }
        var bytes = new Span<byte>(created->Page != null ? created->Page : created->Inline, length);
        name.CopyTo(bytes);
        value.CopyTo(bytes[name.Length..]);
        created->NameLength = (ushort)name.Length;
        created->ValueLength = (ushort)value.Length;
        return created;
    }

    /// <summary>Puts an attribute into its owner's list; false when there is one of that name.</summary>
    internal static bool Attach(ExtendedAttribute* attribute)
    {
        ReadOnlySpan<byte> name = ExtendedAttribute.NameOf(attribute);
        ExtendedAttribute** link = &attribute->Owner->FirstAttribute;
        while (*link != null && ExtendedAttribute.NameOf(*link).SequenceCompareTo(name) < 0)
            link = &(*link)->Next;
        if (*link != null && ExtendedAttribute.NameOf(*link).SequenceEqual(name))
            return false;
        attribute->Next = *link;
        *link = attribute;
        return true;
    }

    internal static int Count(Inode* inode)
    {
        int count = 0;
        for (ExtendedAttribute* attribute = inode->FirstAttribute; attribute != null; attribute = attribute->Next)
            count++;
        return count;
    }

    private void Free(ExtendedAttribute* attribute)
    {
        if (attribute->Page != null)
            Pages.Free(attribute->Page, 1);
        _attributes.Free(attribute);
    }
}
