// An image opened by a host tool: the store on its device, and the files of its group restored from the newest checkpoint. Changes are made
// in memory through the kernel's own file code and become one durable checkpoint with Commit. Processes in the image are not restored: the
// tool neither runs nor understands them, so an image that holds a live session is opened for reading only.
using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Images.Root;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>The files of an image.</summary>
internal sealed unsafe class ImageSession : IDisposable
{
    private readonly HostMachine _machine;
    private readonly ImageStore _image;
    private readonly GroupSession _group;
    private readonly HostPager _pager;

    private ImageSession(ImageStore image, HostMachine machine, GroupSession group, HostPager pager)
    {
        _image = image;
        _machine = machine;
        _group = group;
        _pager = pager;
    }

    private ImageSession(ImageStore image, HostMachine machine)
    {
        _image = image;
        _machine = machine;
        _group = new GroupSession(machine.Describe(), image.Store);
        _pager = new HostPager(_group);
        // Names are hashed under a key that nobody who makes names may know.
        _group.Random.Reseed(RandomNumberGenerator.GetBytes(RandomSource.SeedBytes));
    }

    public TreeBuilder Tree { get; private set; } = null!;
    public FileServices Files => _group.Files;

    /// <summary>Starts a group with an empty root in a store that has none.</summary>
    public static ImageSession Create(ImageStore image)
    {
        var session = new ImageSession(image, image.Machine);
        if (!session._group.Create())
            throw new ImageException("no memory for a new image");
        session._group.Engine.IsEnabled = true;
        session.Tree = new TreeBuilder(session._group.Files, session._group.Names);
        return session;
    }

    /// <summary>Restores the files of the newest checkpoint.</summary>
    public static ImageSession Open(ImageStore image)
    {
        var session = new ImageSession(image, image.Machine);
        RestoreResult result = session._group.Restore(skipUnknownKinds: true);
        if (!result.IsOk)
            throw new ImageException($"the image cannot be restored: {Describe(result)}");
        session._group.Engine.IsEnabled = true;
        session.Tree = new TreeBuilder(session._group.Files, session._group.Names);
        return session;
    }

    /// <summary>The files of a group that has been restored, to be read only.</summary>
    public static ImageSession Of(StoredGroup group)
    {
        FileServices files = group.Session.Files;
        return new ImageSession(group.Image, group.Image.Machine, group.Session, group.Pager)
        {
            Tree = new TreeBuilder(files, files.NamespaceOf(&files.RootOf(group.Tracker)->Header)),
        };
    }

    /// <summary>Adds /proc and /dev.</summary>
    public void AddStandardFiles() => Check(StandardTree.Populate(_group.Files, _group.Names), "/dev");

    /// <summary>True when not much more fits into one commit.</summary>
    public bool MustCommit => _group.Engine.MustPause;

    /// <summary>Makes the changes so far a durable checkpoint.</summary>
    public void Commit()
    {
        StoreStatus status = _group.Engine.CheckpointAndWait();
        if (status != StoreStatus.Ok)
            throw new ImageException($"the image cannot be written: {_image.Explain(status)}");
    }

    /// <summary>The held inode at a path; release it.</summary>
    public Inode* Find(string path, bool follow)
    {
        Check(Tree.Find(Bytes(path), follow, out Inode* inode), path);
        return inode;
    }

    /// <summary>The entry behind a position of a directory, or null at the end.</summary>
    public DirectoryEntry* Next(Inode* directory, ulong position, string path)
    {
        Check(Tree.Next(directory, position, out DirectoryEntry* entry), path);
        return entry;
    }

    /// <summary>What an entry leads to.</summary>
    public Inode* TargetOf(DirectoryEntry* entry, string path)
    {
        Check(Tree.Follow(entry), path);
        return entry->Target;
    }

    /// <summary>Reads file data, bringing pages in from the store.</summary>
    public int Read(Inode* inode, ulong position, Span<byte> buffer, string path)
    {
        while (true)
        {
            Errno error = Tree.Read(inode, position, buffer, out int count);
            if (count > 0 || error == Errno.Ok)
                return count;
            if (error != Errno.EAGAIN)
                Check(error, path);
            _pager.Serve();
        }
    }

    /// <summary>
    /// Moves on to the next data of a file at or behind a position, and tells where it ends: whole pages, and the file's end. False when
    /// there is none.
    /// </summary>
    public bool FindData(Inode* inode, ref ulong position, out ulong end, string path)
    {
        ulong first = position >> PageSize.Shift;
        ulong page = Seek(inode, first, isData: true, path);
        end = Math.Min(Seek(inode, page, isData: false, path) << PageSize.Shift, inode->Size);
        position = page == first ? position : Math.Min(page << PageSize.Shift, inode->Size);
        return position < end;
    }

    private ulong Seek(Inode* inode, ulong page, bool isData, string path)
    {
        ulong end = PageSize.PagesFor(inode->Size);
        if (inode->Data == null)
            return isData ? end : page;
        for (bool isFound = false; !isFound;)
        {
            PageAccess access = Files.Memory.Holes.Seek(inode->Data, ref page, end, isData, out isFound);
            if (access.IsOk)
                continue;
            isFound = false;
            if (access.Status != MemoryStatus.WouldBlock)
                Check(FileData.ErrorOf(in access), path);
            _pager.Serve();
        }
        return page;
    }

    /// <summary>Writes file data, bringing in the pages it covers in part.</summary>
    public void Write(Inode* inode, ulong position, ReadOnlySpan<byte> bytes, string path)
    {
        Errno error;
        while ((error = Tree.Write(inode, position, bytes)) == Errno.EAGAIN)
            _pager.Serve();
        Check(error, path);
    }

    public void Dispose() => _machine.Dispose();

    public static ReadOnlySpan<byte> Bytes(string path)
        => HostFile.IsUnreadable(path) ? throw new ImageException($"{path}: a name that is not UTF-8") : Encoding.UTF8.GetBytes(path);

    public static void Check(Errno error, string path)
    {
        if (error != Errno.Ok)
            throw new ImageException($"{path}: {ErrnoText.Of(error)}");
    }

    private static string Describe(in RestoreResult result)
        => result.Store != StoreStatus.Ok ? result.Store.ToString() : $"{result.Fault.Kind} object {result.Fault.Id.Value}: {result.Fault.Status}";
}
