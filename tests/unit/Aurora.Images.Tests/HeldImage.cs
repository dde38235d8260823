using System;
using System.IO;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Images.Root;
using Aurora.Images.Session;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Store;
using Xunit;

namespace Aurora.Images.Tests;

/// <summary>
/// An image with a session in it that a test has under way: processes without a processor, their memory written as a kernel writes it.
/// </summary>
internal sealed unsafe class HeldImage : IDisposable
{
    /// <summary>x87, SSE and AVX.</summary>
    public const ulong Components = 7;

    private readonly ImageStore _image;
    private readonly GroupProcesses _processes;
    private readonly HostPager _pager;

    private HeldImage(string path)
    {
        Path = path;
        _image = ImageStore.Open(path, readOnly: false);
        Group = new GroupSession(_image.Machine.Describe(), _image.Store);
        _processes = new GroupProcesses(Group, _image.Machine.Pages, new HostExtendedState(Components), new NoMachine(), waits: null);
        _pager = new HostPager(Group);
        Assert.True(Group.Restore(skipUnknownKinds: false).IsOk);
        Group.Engine.IsEnabled = true;
        Group.Group.Of(Group.Tracker)->Machine.Xcr0 = Components;
        Group.Tracker.MarkChanged(&Group.Group.Of(Group.Tracker)->Header);
    }

    public string Path { get; }
    public GroupSession Group { get; }
    public ProcessLife Life => _processes.Life;

    /// <summary>Makes an image with one file, /lib/data, and begins a session on it.</summary>
    public static HeldImage Create(string folder, byte[] data, long bytes = 128L << 20)
    {
        string path = System.IO.Path.Combine(folder, "held.img");
        DiskImage.Create(path, bytes,
        [
            new RootEntry { Path = "/lib", Kind = RootEntryKind.Directory, Mode = 0x1ED },
            new RootEntry { Path = "/lib/data", Kind = RootEntryKind.File, Mode = 0x1A4, Open = () => new MemoryStream(data) },
        ]);
        return new HeldImage(path);
    }

    public void Dispose() => _image.Dispose();

    /// <summary>Process 1 with an empty address space and one thread.</summary>
    public Thread* StartInit(string name)
    {
        Thread* thread = Life.CreateInit(Group.Tracker);
        Process* process = thread->Process;
        process->AddressSpace = Group.Memory.Spaces.Create(Group.Tracker, SpaceLimits.Default);
        thread->Context->PageTableRoot = process->AddressSpace->Root.Address.Value;
        Encoding.UTF8.GetBytes(name).CopyTo(new Span<byte>(process->Name, 15));
        Assert.Equal(Errno.Ok, _processes.Files.Start(process, Group.Names, 0x12));
        MarkChanged(thread);
        Life.Start(thread);
        return thread;
    }

    public Thread* Fork(Thread* maker) => Clone(maker, new CloneRequest { ExitSignal = (int)Signal.SIGCHLD });

    public Thread* StartThread(Thread* maker) => Clone(maker, new CloneRequest
    {
        IsThread = true, SharesMemory = true, SharesDescriptors = true, SharesFileContext = true, SharesSignalActions = true,
    });

    private Thread* Clone(Thread* maker, CloneRequest request)
    {
        Assert.Equal(Errno.Ok, Life.Clone(maker, in request, out Thread* child));
        Life.Start(child);
        return child;
    }

    public void MarkChanged(Thread* thread)
    {
        Group.Tracker.MarkChanged(&thread->Header);
        Group.Tracker.MarkChanged(&thread->Process->Header);
    }

    /// <summary>Maps anonymous memory, or a file (its path) from a page on.</summary>
    public void Map(Thread* thread, ulong address, ulong pages, Protection protection, string? file = null, ulong filePage = 0)
    {
        var request = new MapRequest
        {
            Address = new VirtualAddress(address), Length = pages << PageSize.Shift, Protection = protection,
            Placement = MapPlacement.Fixed,
        };
        Inode* inode = null;
        if (file != null)
        {
            Assert.Equal(Errno.Ok, new TreeBuilder(Group.Files, Group.Names).Find(Encoding.UTF8.GetBytes(file), follow: true, out inode));
            request.Object = Group.Files.Inodes.DataOf(inode);
            request.File = inode->Header.Id;
            request.PageOffset = filePage;
        }
        Assert.Equal(MemoryStatus.Ok, Group.Memory.Mappings.Map(thread->Process->AddressSpace, request, out _));
        if (inode != null)
            Group.Files.Inodes.Release(inode);
    }

    public void Write(Thread* thread, ulong address, ReadOnlySpan<byte> bytes)
    {
        AddressSpace* space = thread->Process->AddressSpace;
        AccessResult result;
        while ((result = Group.User.Write(space, new VirtualAddress(address), bytes)).Status == MemoryStatus.WouldBlock)
            _pager.Serve();
        Assert.True(result.IsOk, $"0x{address:x}: {result.Status}");
    }

    /// <summary>Writes to a file, which becomes longer if it must.</summary>
    public void WriteFile(string file, ulong position, ReadOnlySpan<byte> bytes)
    {
        var tree = new TreeBuilder(Group.Files, Group.Names);
        Assert.Equal(Errno.Ok, tree.Find(Encoding.UTF8.GetBytes(file), follow: true, out Inode* inode));
        Errno error;
        while ((error = tree.Write(inode, position, bytes)) == Errno.EAGAIN)
            _pager.Serve();
        Assert.Equal(Errno.Ok, error);
        Group.Files.Inodes.Release(inode);
    }

    /// <summary>A durable checkpoint, perhaps with a name; returns its epoch.</summary>
    public ulong Checkpoint(string? name = null)
    {
        if (name != null)
            Assert.Equal(Errno.Ok, Group.Engine.RequestNamed(Group.Tracker, Encoding.UTF8.GetBytes(name), out _));
        Assert.Equal(StoreStatus.Ok, Group.Engine.CheckpointAndWait());
        return Group.Engine.LastDurable.Value;
    }

    /// <summary>From here on a machine runs this volume.</summary>
    public static void MarkGroup(string image, ulong volume, string name)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        StoreStatus status = store.Store.SetVolume(new VolumeId(volume), VolumeFlags.Group, Encoding.UTF8.GetBytes(name), default);
        Assert.Equal(StoreStatus.Ok, status);
    }
}
