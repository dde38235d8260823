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
    // Data and entries written since the last checkpoint; one commit has a limit, so a large tree takes several. What attributes take of
    // one the session knows.
    private const long CommitBytes = 32 << 20;
    private const int CommitEntries = 4096;
    private const string TooMuch = "extended attribute for which a file has no room";

    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly List<RootEntry> _directories = [];
    private readonly Dictionary<string, int> _leftOut = [];
    private long _uncommittedBytes;
    private int _uncommittedEntries;

    /// <summary>Writes all entries, and returns how many of what kind were left out.</summary>
    public IReadOnlyDictionary<string, int> WriteAll(IEnumerable<RootEntry> entries)
    {
        foreach (RootEntry entry in entries)
        {
            if (entry.LeftOut != null)
                CountLeftOut(entry.LeftOut);
            if (entry.Kind == RootEntryKind.Socket)
                continue;
            Write(entry);
            if (entry.Kind == RootEntryKind.Directory)
                _directories.Add(entry);
            CommitIfDue();
        }
        foreach (RootEntry directory in _directories)
        {
            Settle(directory);
            CommitIfDue();
        }
        return _leftOut;
    }

    // What was put into a directory has changed its time. In an archive something else may have taken its place.
    private void Settle(RootEntry directory)
    {
        if (session.Tree.Find(ImageSession.Bytes(directory.Path), follow: false, out Inode* inode) != Errno.Ok)
            return;
        if (inode->IsDirectory)
            SetAttributes(directory, inode);
        session.Files.Inodes.Release(inode);
        _uncommittedEntries++;
    }

    private void CommitIfDue()
    {
        if (_uncommittedBytes < CommitBytes && _uncommittedEntries < CommitEntries && !session.MustCommit)
            return;
        session.Commit();
        _uncommittedBytes = 0;
        _uncommittedEntries = 0;
    }

    private void Write(RootEntry entry)
    {
        _uncommittedEntries++;
        // A file that was packed twice is a link to itself.
        bool isPresent = entry.Path == "/" || (entry.Kind == RootEntryKind.HardLink && entry.Target == entry.Path);
        if (!isPresent)
            Make(entry);
        Inode* inode = session.Find(entry.Path, follow: false);
        if (entry.Kind == RootEntryKind.File)
            CopyContents(entry, inode);
        if (entry.Kind != RootEntryKind.HardLink)
        {
            SetExtendedAttributes(entry, inode);
            SetAttributes(entry, inode);
        }
        session.Files.Inodes.Release(inode);
    }

    private void SetAttributes(RootEntry entry, Inode* inode)
    {
        uint mode = entry.Kind == RootEntryKind.SymbolicLink ? InodeMode.AccessMask : (uint)entry.Mode;
        session.Tree.SetAttributes(inode, mode, (uint)entry.UserId, (uint)entry.GroupId, entry.ModifiedNanoseconds);
    }

    private void SetExtendedAttributes(RootEntry entry, Inode* inode)
    {
        foreach ((string name, byte[] value) in entry.Attributes)
        {
            Errno error = session.Files.Attributes.Set(inode, ImageSession.Bytes(name), value, AttributeChange.Either);
            bool isTooMuch = error == Errno.ERANGE || (error == Errno.ENOSPC && !session.Files.Space.IsFullFor(inode->Header.Group));
            if (isTooMuch)
                CountLeftOut(TooMuch);
            else
                ImageSession.Check(error, entry.Path);
        }
    }

    private void CountLeftOut(string what) => _leftOut[what] = _leftOut.GetValueOrDefault(what) + 1;

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
        RootEntryKind.CharacterDevice => session.Tree.Make(path, InodeMode.CharacterDevice | (uint)entry.Mode, NumberOf(entry)),
        RootEntryKind.BlockDevice => session.Tree.Make(path, InodeMode.BlockDevice | (uint)entry.Mode, NumberOf(entry)),
        RootEntryKind.Fifo => session.Tree.Make(path, InodeMode.Fifo | (uint)entry.Mode),
        RootEntryKind.SymbolicLink => session.Tree.MakeLink(path, ImageSession.Bytes(entry.Target)),
        _ => session.Tree.MakeHardLink(path, ImageSession.Bytes(entry.Target)),
    };

    private static ulong NumberOf(RootEntry entry) => DeviceNumber.Make(entry.Device.Major, entry.Device.Minor);

    private void CopyContents(RootEntry entry, Inode* inode)
    {
        try
        {
            using Stream source = entry.Open!();
            CopyContents(entry, source, inode);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new ImageException($"{entry.Path}: {failure.Message}", failure);
        }
    }

    private void CopyContents(RootEntry entry, Stream source, Inode* inode)
    {
        if (entry.Layout == null)
        {
            Copy(source, 0, long.MaxValue, inode, entry.Path);
            return;
        }
        FileLayout layout = entry.Layout(source);
        foreach (DataRun run in layout.Runs)
        {
            if (source.CanSeek)
                source.Position = run.SourceStart;
            if (Copy(source, run.Start, run.Bytes, inode, entry.Path) < run.Bytes)
                throw new ImageException($"{entry.Path}: the file has become shorter while it was read, or its archive is cut off");
        }
        ImageSession.Check(session.Tree.Resize(inode, (ulong)layout.Bytes), entry.Path);
    }

    // Copies up to so many bytes to a position of the file; returns how many there were.
    private long Copy(Stream source, long position, long bytes, Inode* inode, string path)
    {
        long copied = 0;
        while (true)
        {
            Span<byte> piece = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, bytes - copied));
            int count = source.ReadAtLeast(piece, piece.Length, throwOnEndOfStream: false);
            if (count == 0)
                break;
            session.Write(inode, (ulong)(position + copied), piece[..count], path);
            copied += count;
            _uncommittedBytes += count;
            CommitIfDue();
        }
        return copied;
    }
}
