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

/// <summary>The extended attributes of files.</summary>
public sealed unsafe class AttributeSets(FileState state, FileStamps stamps, FileEnvironment environment)
{
    /// <summary>
    /// Sets an attribute; permissions have been checked. ERANGE, EEXIST, ENODATA, ENOSPC, ENOMEM: then nothing has changed.
    /// </summary>
    public Errno Set(Inode* inode, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, AttributeChange change)
    {
        if (name.Length is 0 or > ExtendedAttributes.MaxNameBytes)
            return Errno.ERANGE;
        AttributeWalk walk = ExtendedAttributes.WalkOf(inode);
        bool isPresent = walk.MoveTo(name);
        if (isPresent && (change & AttributeChange.Create) != 0)
            return Errno.EEXIST;
        if (!isPresent && (change & AttributeChange.Replace) != 0)
            return Errno.ENODATA;
        ReadOnlySpan<byte> present = inode->Attributes == null ? default : ExtendedAttributes.BytesOf(inode->Attributes);
        int start = walk.Start;
        int added = ExtendedAttributes.HeadBytes + name.Length + value.Length;
        int length = start + added + present.Length - walk.End;
        if (length > ExtendedAttributes.MaxBytes || environment.Space.IsFullFor(inode->Header.Group))
            return Errno.ENOSPC;
        var bytes = new Span<byte>(state.Scratch, length);
        present[..start].CopyTo(bytes);
        AttributeWalk.Write(bytes[start..], name, value);
        present[walk.End..].CopyTo(bytes[(start + added)..]);
        return Put(inode, bytes) ? Errno.Ok : Errno.ENOMEM;
    }

    /// <summary>Takes an attribute away from its file. ENODATA when there is none of that name.</summary>
    public Errno Remove(Inode* inode, ReadOnlySpan<byte> name)
    {
        AttributeWalk walk = ExtendedAttributes.WalkOf(inode);
        if (!walk.MoveTo(name))
            return Errno.ENODATA;
        ReadOnlySpan<byte> present = ExtendedAttributes.BytesOf(inode->Attributes);
        var bytes = new Span<byte>(state.Scratch, walk.Start + present.Length - walk.End);
        present[..walk.Start].CopyTo(bytes);
        present[walk.End..].CopyTo(bytes[walk.Start..]);
        if (bytes.Length != 0)
        {
            Panic.Unless(Put(inode, bytes), "files: attributes that became shorter need more memory"u8);
            return Errno.Ok;
        }
        End(inode);
        stamps.TouchStatus(inode);
        return Errno.Ok;
    }

    internal void End(Inode* inode)
    {
        ExtendedAttributes* attributes = inode->Attributes;
        if (attributes == null)
            return;
        inode->Attributes = null;
        state.TrackerOf(&attributes->Header).Remove(&attributes->Header);
        Free(attributes);
    }

    /// <summary>Attributes with these bytes that are nobody's yet; null when memory is exhausted.</summary>
    internal ExtendedAttributes* New(ReadOnlySpan<byte> bytes)
    {
        ExtendedAttributes* created = state.Attributes.Allocate();
        if (created == null || Fill(created, bytes))
            return created;
        state.Attributes.Free(created);
        return null;
    }

    private bool Put(Inode* inode, ReadOnlySpan<byte> bytes)
    {
        ObjectTracker tracker = state.TrackerOf(&inode->Header);
        if (inode->Attributes != null)
        {
            if (!Fill(inode->Attributes, bytes))
                return false;
            tracker.MarkChanged(&inode->Attributes->Header);
        }
        else
        {
            ExtendedAttributes* created = New(bytes);
            if (created == null)
                return false;
            created->Owner = inode;
            inode->Attributes = created;
            Inodes.RegisterPart(tracker, inode, &created->Header, ObjectKind.ExtendedAttributes, FilePart.Attributes);
        }
        stamps.TouchStatus(inode);
        return true;
    }

    // A page exactly when the bytes do not fit without one: so the same attributes always take the same memory.
    private bool Fill(ExtendedAttributes* attributes, ReadOnlySpan<byte> bytes)
    {
        bool isLong = bytes.Length > ExtendedAttributes.InlineBytes;
        if (isLong && attributes->Page == null)
        {
            attributes->Page = (byte*)state.Pages.AllocateFor(attributes, 1);
            if (attributes->Page == null)
                return false;
        }
        else if (!isLong)
        {
            FreePage(attributes);
        }
        new Span<byte>(attributes->Inline, ExtendedAttributes.InlineBytes).Clear();
        bytes.CopyTo(new Span<byte>(isLong ? attributes->Page : attributes->Inline, bytes.Length));
        attributes->Length = (ushort)bytes.Length;
        return true;
    }

    private void FreePage(ExtendedAttributes* attributes)
    {
        if (attributes->Page != null)
            state.Pages.FreeFor(attributes, attributes->Page, 1);
        attributes->Page = null;
    }

    internal void Free(ExtendedAttributes* attributes)
    {
        FreePage(attributes);
        state.Attributes.Free(attributes);
    }
}
