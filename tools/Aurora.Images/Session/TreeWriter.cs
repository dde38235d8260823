using System;
using System.Collections.Generic;
using System.IO;
using Aurora.Base;
using Aurora.Images.Root;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;

namespace Aurora.Images.Session;

/// <summary>Writes entries of a root file system into an image.</summary>
internal sealed unsafe class TreeWriter(ImageSession session)
{
    // Data and entries written since the last checkpoint; one commit has a limit, so a large tree takes several.
    private const long CommitBytes = 32 << 20;
    private const int CommitEntries = 4096;
    private const long NanosecondsPerTick = 100;

    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly List<RootEntry> _directories = [];
    private long _uncommittedBytes;
    private int _uncommittedEntries;

    public void WriteAll(IEnumerable<RootEntry> entries)
    {
        foreach (RootEntry entry in entries)
        {
            Write(entry);
            if (entry.Kind == RootEntryKind.Directory)
                _directories.Add(entry);
            CommitIfDue();
        }
        // What was put into a directory has changed its time.
        foreach (RootEntry directory in _directories)
        {
            Write(directory);
            CommitIfDue();
        }
    }

    private void CommitIfDue()
    {
        if (_uncommittedBytes < CommitBytes && _uncommittedEntries < CommitEntries)
            return;
        session.Commit();
        _uncommittedBytes = 0;
        _uncommittedEntries = 0;
    }

    private void Write(RootEntry entry)
    {
        _uncommittedEntries++;
        if (entry.Path != "/")
            Make(entry);
        if (entry.Kind == RootEntryKind.HardLink)
            return;
        Inode* inode = session.Find(entry.Path, follow: false);
        if (entry.Kind == RootEntryKind.File)
            CopyContents(entry, inode);
        long modified = (entry.Modified - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick;
        uint mode = entry.Kind == RootEntryKind.SymbolicLink ? InodeMode.AccessMask : (uint)entry.Mode;
        session.Tree.SetAttributes(inode, mode, (uint)entry.UserId, (uint)entry.GroupId, modified);
        session.Files.Release(inode);
    }

    private void Make(RootEntry entry)
    {
        ReadOnlySpan<byte> path = ImageSession.Bytes(entry.Path);
        Errno error = Try(entry, path);
        if (error == Errno.EEXIST)
        {
            ImageSession.Check(session.Tree.Remove(path), entry.Path);
            error = Try(entry, path);
        }
        ImageSession.Check(error, entry.Path);
    }

    private Errno Try(RootEntry entry, ReadOnlySpan<byte> path) => entry.Kind switch
    {
        RootEntryKind.Directory => session.Tree.Make(path, InodeMode.Directory | (uint)entry.Mode),
        RootEntryKind.File => session.Tree.Make(path, InodeMode.Regular | (uint)entry.Mode),
        RootEntryKind.SymbolicLink => session.Tree.MakeLink(path, ImageSession.Bytes(entry.Target)),
        _ => session.Tree.MakeHardLink(path, ImageSession.Bytes(entry.Target)),
    };

    private void CopyContents(RootEntry entry, Inode* inode)
    {
        using Stream source = entry.Open!();
        ulong position = 0;
        int count;
        while ((count = source.ReadAtLeast(_buffer, _buffer.Length, throwOnEndOfStream: false)) > 0)
        {
            session.Write(inode, position, _buffer.AsSpan(0, count), entry.Path);
            position += (ulong)count;
            _uncommittedBytes += count;
            CommitIfDue();
        }
    }
}
