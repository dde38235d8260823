using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;

namespace Aurora.Images.Session;

/// <summary>Lists and copies the files of an image.</summary>
internal sealed unsafe class TreeReader(ImageSession session)
{
    private const long NanosecondsPerTick = 100;

    private const ulong MostTextBytes = 16 << 20;

    private readonly byte[] _buffer = new byte[1 << 20];

    public IReadOnlyList<ImageEntry> List(string path, bool recursive)
    {
        var entries = new List<ImageEntry>();
        Inode* inode = session.Find(path, follow: true);
        if (inode->IsDirectory)
            ListDirectory(inode, path.TrimEnd('/'), recursive, entries);
        else
            entries.Add(Describe(inode, path));
        session.Files.Inodes.Release(inode);
        return entries;
    }

    public void Copy(string path, Stream destination)
    {
        Inode* inode = session.Find(path, follow: true);
        if (!inode->IsRegular)
            throw new ImageException($"{path}: not a regular file");
        CopyData(inode, path, destination);
        session.Files.Inodes.Release(inode);
    }

    /// <summary>A file as UTF-8 text; null when there is no regular file at the path.</summary>
    public string? TryReadText(string path)
    {
        if (session.Tree.Find(ImageSession.Bytes(path), follow: true, out Inode* inode) != Errno.Ok)
            return null;
        var text = new MemoryStream();
        bool isFile = inode->IsRegular;
        if (isFile && inode->Size > MostTextBytes)
            throw new ImageException($"{path}: more than {MostTextBytes} bytes");
        if (isFile)
            CopyData(inode, path, text);
        session.Files.Inodes.Release(inode);
        return isFile ? Encoding.UTF8.GetString(text.ToArray()) : null;
    }

    public int Extract(string path, string folder)
    {
        Directory.CreateDirectory(folder);
        Inode* inode = session.Find(path, follow: true);
        int files = inode->IsDirectory
            ? ExtractDirectory(inode, path.TrimEnd('/'), folder)
            : ExtractFile(inode, path, Path.Combine(folder, Path.GetFileName(path)));
        session.Files.Inodes.Release(inode);
        return files;
    }

    private void ListDirectory(Inode* directory, string path, bool recursive, List<ImageEntry> entries)
    {
        for (DirectoryEntry* entry = session.Next(directory, 0, path); entry != null;
            entry = session.Next(directory, entry->Position, path))
        {
            string name = $"{path}/{NameOf(entry)}";
            Inode* inode = session.TargetOf(entry, name);
            entries.Add(Describe(inode, name));
            if (recursive && inode->IsDirectory)
                ListDirectory(inode, name, recursive, entries);
        }
    }

    // Devices and pipes have no contents to copy and are left out.
    private int ExtractDirectory(Inode* directory, string path, string folder)
    {
        int files = 0;
        Directory.CreateDirectory(folder);
        for (DirectoryEntry* entry = session.Next(directory, 0, path); entry != null;
            entry = session.Next(directory, entry->Position, path))
        {
            string name = NameOf(entry);
            string target = Path.Combine(folder, name);
            Inode* inode = session.TargetOf(entry, $"{path}/{name}");
            if (inode->IsDirectory)
                files += ExtractDirectory(inode, $"{path}/{name}", target);
            else if (inode->IsRegular)
                files += ExtractFile(inode, $"{path}/{name}", target);
            else if (inode->IsSymbolicLink)
                files += ExtractLink(inode, target);
        }
        return files;
    }

    private int ExtractFile(Inode* inode, string path, string target)
    {
        // A link of this name would lead the write elsewhere.
        File.Delete(target);
        try
        {
            using FileStream file = new(target, FileMode.CreateNew, System.IO.FileAccess.Write);
            CopySparse(inode, path, file);
        }
        catch (Exception failure) when (failure is IOException or ArgumentException)
        {
            File.Delete(target);
            throw new ImageException($"{target}: {failure.Message}", failure);
        }
        File.SetUnixFileMode(target, (UnixFileMode)(inode->Mode & 0x1FF));
        File.SetLastWriteTimeUtc(target, TimeOf(inode).UtcDateTime);
        return 1;
    }

    private static int ExtractLink(Inode* inode, string target)
    {
        File.Delete(target);
        File.CreateSymbolicLink(target, Encoding.UTF8.GetString(Inodes.TargetOf(inode)));
        return 1;
    }

    private void CopyData(Inode* inode, string path, Stream destination)
    {
        int count;
        for (ulong position = 0; (count = session.Read(inode, position, _buffer, path)) > 0; position += (ulong)count)
            destination.Write(_buffer, 0, count);
    }

    // Holes stay holes: a file may be longer than any disk. The length first: the host may not have files so long.
    private void CopySparse(Inode* inode, string path, FileStream destination)
    {
        destination.SetLength((long)inode->Size);
        for (ulong position = 0; session.FindData(inode, ref position, out ulong end, path);)
        {
            destination.Position = (long)position;
            while (position < end)
            {
                Span<byte> piece = _buffer.AsSpan(0, (int)Math.Min((ulong)_buffer.Length, end - position));
                int count = session.Read(inode, position, piece, path);
                destination.Write(piece[..count]);
                position += (ulong)count;
            }
        }
    }

    private static string NameOf(DirectoryEntry* entry) => Encoding.UTF8.GetString(DirectoryEntry.NameOf(entry));

    private static DateTimeOffset TimeOf(Inode* inode) => DateTimeOffset.UnixEpoch.AddTicks(inode->ModifyTime / NanosecondsPerTick);

    private static ImageEntry Describe(Inode* inode, string path)
    {
        string target = inode->IsSymbolicLink ? Encoding.UTF8.GetString(Inodes.TargetOf(inode)) : "";
        return new ImageEntry(path, inode->Mode, inode->LinkCount, inode->Uid, inode->Gid, inode->Size, TimeOf(inode), target);
    }
}
