using System;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>A group session with an imitated machine over a store on a device in memory. Reopening the device is a reboot.</summary>
internal sealed unsafe class TestSession : IDisposable
{
    private const ulong DefaultOverlayBytes = 4 << 20;

    private TreeBuilder? _tree;

    private TestSession(MemoryBlockDevice device, ulong overlayBytes = DefaultOverlayBytes, int pageLimit = int.MaxValue,
        bool isBounded = false, FileRecords? records = null, int frames = 2048)
    {
        HostEnvironment.Install();
        Pages.Limit = pageLimit;
        Device = device;
        Frames = new HostFramePool(frames);
        Mmu = new SoftwareMmu(Frames);
        OpenOptions options = SmallStore with { OverlayBytes = overlayBytes };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(device, Pages, Fibers.OfStore, options, out ObjectStore? store, out _));
        Store = store!;
        Group = new GroupSession(
            new SessionMachine
            {
                Pages = Pages, Frames = Frames, Tlb = Mmu, Fibers = Fibers, Clock = Clock,
                ClockSource = new TestClockSource(),
                Memory = new MemoryOptions
                {
                    MaxObjects = 4096, MaxMappings = 4096, MaxSpaces = 256, MaxDirtyPages = 65536, MaxPageIns = 32, Verify = true,
                },
                Files = new FileLimits { MaxInodes = 4096, MaxEntries = 4096, MaxOpenFiles = 1024, MaxTables = 256 },
                IsStoreBounded = isBounded,
                Records = records,
            },
            Store);
        Group.Engine.IsEnabled = true;
    }

    public static OpenOptions SmallStore => new() { CachedNodes = 64, CachedSpacePages = 32, OverlayBytes = DefaultOverlayBytes };

    public TestPages Pages { get; } = new();
    public SteppedFibers Fibers { get; } = new();
    public TestClock Clock { get; } = new();
    public MemoryBlockDevice Device { get; }
    public HostFramePool Frames { get; }
    public SoftwareMmu Mmu { get; }
    public ObjectStore Store { get; }
    public GroupSession Group { get; }
    public CheckpointEngine Engine => Group.Engine;
    public MemoryManager Memory => Group.Memory;
    public ObjectTracker Tracker => Group.Tracker;
    public TreeBuilder Tree => _tree ??= new TreeBuilder(Group.Files, Group.Names);

    /// <summary>A device with an empty store on it.</summary>
    public static MemoryBlockDevice NewDevice(ulong blocks = 1 << 15) => Format(new MemoryBlockDevice(blocks));

    /// <summary>Makes an empty store on a device.</summary>
    public static MemoryBlockDevice Format(MemoryBlockDevice device)
    {
        using var pages = new TestPages();
        var options = new FormatOptions { UuidLow = 7, UuidHigh = 9 };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(device, pages, new SteppedFibers(), options));
        return device;
    }

    /// <summary>A new group on a new device.</summary>
    public static TestSession Create(
        ulong blocks = 1 << 15, ulong overlayBytes = DefaultOverlayBytes, bool isBounded = false, int frames = 2048)
    {
        var session = new TestSession(NewDevice(blocks), overlayBytes, isBounded: isBounded, frames: frames);
        Assert.True(session.Group.Create());
        return session;
    }

    /// <summary>A new group on a device with an empty store.</summary>
    public static TestSession CreateOn(MemoryBlockDevice device)
    {
        var session = new TestSession(device);
        Assert.True(session.Group.Create());
        return session;
    }

    /// <summary>A session that has neither been created nor restored.</summary>
    public static TestSession Open(MemoryBlockDevice device, int pageLimit = int.MaxValue, FileRecords? records = null)
        => new(device, pageLimit: pageLimit, records: records);

    /// <summary>Everything that is stored of the tree is in memory afterwards; false when something is not as it should be.</summary>
    public bool TryLoadTree() => TryLoadTree(Group.Names->Root, 0) && Group.Files.Contradictions == 0;

    private bool TryLoadTree(Inode* directory, int depth)
    {
        Assert.True(depth < 100, "the tree has no end");
        uint expected = directory->EntryCount;
        uint count = 0;
        bool isWhole = true;
        for (ulong position = 0; !directory->IsProc; count++)
        {
            if (Tree.Next(directory, position, out DirectoryEntry* entry) != Errno.Ok)
                return false;
            if (entry == null)
                break;
            Assert.True(entry->Position > position);
            position = entry->Position;
            bool isThere = Tree.Follow(entry) == Errno.Ok;
            isWhole &= isThere && (!entry->Target->IsDirectory || TryLoadTree(entry->Target, depth + 1));
        }
        return isWhole && count == expected;
    }

    /// <summary>The machine loses power; a new one restores what the device holds.</summary>
    public TestSession Reboot()
    {
        var restored = new TestSession(Device);
        RestoreResult result = restored.Group.Restore(skipUnknownKinds: false);
        Assert.True(result.IsOk, Words(result));
        Dispose();
        return restored;
    }

    public static string Words(RestoreResult result)
        => Encoding.UTF8.GetString(RestoreMessages.Describe(in result, new byte[256]));

    public void Dispose()
    {
        Frames.Dispose();
        Pages.Dispose();
    }

    public void Checkpoint() => Assert.Equal(StoreStatus.Ok, Engine.CheckpointAndWait());

    /// <summary>Captures an epoch now and leaves it to the fibers.</summary>
    public Epoch Capture()
    {
        Epoch epoch = Engine.Request();
        Engine.Poll();
        return epoch;
    }

    public void Flush() => SteppedFibers.Run(Engine.RunFlushFiber);

    public void Commit() => SteppedFibers.Run(Engine.RunCommitFiber);

    /// <summary>Lets the time pass after which the engine tells the store that it is quiet.</summary>
    public void BecomeQuiet()
    {
        Clock.Advance(100_000_000);
        Engine.Poll();
        RunErrands();
    }

    public void RunErrands() => SteppedFibers.Run(Engine.RunErrandFiber);

    /// <summary>What the kernel's pager fiber does.</summary>
    public void ServePager()
    {
        Group.Files.Loader.ServeAll();
        for (PageInRequest* request = Memory.PageIns.Take(); request != null; request = Memory.PageIns.Take())
            Assert.True(Group.Pager.Serve(request));
    }

    /// <summary>madvise(MADV_DONTNEED), waiting for the store where it must.</summary>
    public void DropPages(AddressSpace* space, ulong address, ulong bytes)
    {
        ulong end = address + bytes;
        while (address < end)
        {
            MemoryStatus status = Memory.Mappings.DropPages(space, new VirtualAddress(address), end - address, out ulong done, out _);
            Assert.True(status is MemoryStatus.Ok or MemoryStatus.WouldBlock);
            address += done;
            ServePager();
        }
    }

    public AddressSpace* NewSpace(ulong address, ulong pages)
    {
        AddressSpace* space = Memory.Spaces.Create(Tracker, SpaceLimits.Default);
        var request = new MapRequest
        {
            Address = new VirtualAddress(address), Length = pages * 4096, Protection = Protection.Read | Protection.Write,
            Placement = MapPlacement.Fixed,
        };
        Assert.Equal(MemoryStatus.Ok, Memory.Mappings.Map(space, request, out _));
        return space;
    }

    /// <summary>Maps more pages privately, of a file or of nothing.</summary>
    public MemoryStatus MapMore(AddressSpace* space, ulong address, ulong pages, VmObject* file)
    {
        var request = new MapRequest
        {
            Address = new VirtualAddress(address), Length = pages * 4096, Protection = Protection.Read | Protection.Write,
            Placement = MapPlacement.Fixed, Object = file,
        };
        return Memory.Mappings.Map(space, request, out _);
    }

    /// <summary>The restored address space with this id, referred to as a process would.</summary>
    public AddressSpace* Space(ObjectId id)
    {
        AddressSpace* space = (AddressSpace*)Tracker.Find(id, ObjectKind.AddressSpace);
        Assert.True(space != null, "an address space is missing");
        Memory.Spaces.Retain(space);
        return space;
    }

    public ulong Load(AddressSpace* space, ulong address) => *(ulong*)Touch(space, address, FaultAccess.Read);

    public void Store64(AddressSpace* space, ulong address, ulong value) => *(ulong*)Touch(space, address, FaultAccess.Write) = value;

    public Inode* Find(string path)
    {
        Errno error = Tree.Find(Encoding.UTF8.GetBytes(path), follow: false, out Inode* inode);
        return error == Errno.Ok ? inode : null;
    }

    public void MakeFile(string path, ReadOnlySpan<byte> contents)
    {
        Assert.Equal(Errno.Ok, Tree.Make(Encoding.UTF8.GetBytes(path), InodeMode.Regular | 0x1A4));
        Write(path, 0, contents);
    }

    public void Write(string path, ulong position, ReadOnlySpan<byte> bytes)
    {
        Inode* inode = Find(path);
        Errno error = Tree.Write(inode, position, bytes);
        for (int tries = 0; error == Errno.EAGAIN && tries < 100; tries++)
        {
            ServePager();
            error = Tree.Write(inode, position, bytes);
        }
        Assert.Equal(Errno.Ok, error);
        Group.Files.Inodes.Release(inode);
    }

    public void Resize(string path, ulong size)
    {
        Inode* inode = Find(path);
        Errno error = Tree.Resize(inode, size);
        for (int tries = 0; error == Errno.EAGAIN && tries < 100; tries++)
        {
            ServePager();
            error = Tree.Resize(inode, size);
        }
        Assert.Equal(Errno.Ok, error);
        Group.Files.Inodes.Release(inode);
    }

    public void Remove(string path) => Assert.Equal(Errno.Ok, Tree.Remove(Encoding.UTF8.GetBytes(path)));

    public byte[] Contents(string path)
    {
        Inode* inode = Find(path);
        Assert.True(inode != null, path + " is missing");
        byte[] bytes = Contents(inode);
        Group.Files.Inodes.Release(inode);
        return bytes;
    }

    public byte[] Contents(Inode* inode)
    {
        byte[] bytes = new byte[inode->Size];
        Errno error = Tree.Read(inode, 0, bytes, out int count);
        for (int tries = 0; error == Errno.EAGAIN && tries < 1000; tries++)
        {
            ServePager();
            error = Tree.Read(inode, 0, bytes, out count);
        }
        Assert.Equal(Errno.Ok, error);
        Assert.Equal(bytes.Length, count);
        return bytes;
    }

    /// <summary>Opens a file as a program would; the open file has one reference.</summary>
    public OpenFile* OpenFile(string path)
    {
        Inode* inode = Find(path);
        var caller = new FileCaller { Credentials = (Credentials*)Pages.Allocate(1) };
        Assert.Equal(Errno.Ok, Group.Files.OpenFiles.Open(in caller, inode, 2, out OpenFile* file));
        Group.Files.Inodes.Release(inode);
        return file;
    }

    /// <summary>Makes an eventfd, a timerfd and a signalfd.</summary>
    public void MakeEventFiles()
    {
        var context = new FileContext();
        Tracker.Lend(&context.Header);
        var caller = new FileCaller { Credentials = (Credentials*)Pages.Allocate(1), Context = &context };
        Assert.Equal(Errno.Ok, Group.Files.Anonymous.MakeCounter(in caller, 5, isSemaphore: true, 0, out _));
        Assert.Equal(Errno.Ok, Group.Files.Anonymous.MakeTimer(in caller, TimerFileClock.Realtime, 0, out _));
        Assert.Equal(Errno.Ok, Group.Files.Anonymous.MakeSignals(in caller, new SignalSet(0xFF), 0, out _));
    }

    /// <summary>Makes a pair of sockets of which one has messages, one of them with an open file, and one with a name.</summary>
    public void MakeSockets(OpenFile* file)
    {
        var context = new FileContext();
        Tracker.Lend(&context.Header);
        var caller = new FileCaller { Credentials = (Credentials*)Pages.Allocate(1), Context = &context };
        FileServices files = Group.Files;
        Assert.Equal(Errno.Ok, files.SocketFiles.MakePair(in caller, SocketType.Stream, 0, out OpenFile* one, out _));
        byte* bytes = (byte*)Pages.Allocate(1);
        for (int i = 0; i < 3; i++)
        {
            nint passed = (nint)file;
            var send = new SocketSend { Files = &passed, FileCount = i % 2 };
            var transfer = new FileTransfer(files.Transfers, null, bytes, 100);
            Assert.Equal(100, files.SocketSender.SendStream(SocketFiles.Of(one), ref transfer, ref send, mayWait: false).Value);
        }
        Assert.Equal(Errno.Ok, files.SocketFiles.Make(in caller, SocketType.Datagram, 0, out OpenFile* named));
        Assert.Equal(Errno.Ok, files.SocketNames.BindAbstract(SocketFiles.Of(named), "\0name"u8));
    }

    /// <summary>A new epoll that watches an open file.</summary>
    public OpenFile* WatchFile(OpenFile* file)
    {
        var context = new FileContext();
        Tracker.Lend(&context.Header);
        var caller = new FileCaller { Credentials = (Credentials*)Pages.Allocate(1), Context = &context };
        Assert.Equal(Errno.Ok, Group.Files.Anonymous.MakeEventPoll(in caller, out OpenFile* poll));
        Assert.Equal(Errno.Ok, Group.Files.EventPolls.Add(EventPolls.Of(poll), file, 3, (uint)PollEvents.In, 77));
        return poll;
    }

    private byte* Touch(AddressSpace* space, ulong address, FaultAccess access)
    {
        for (int tries = 0; tries < 20; tries++)
        {
            byte* pointer = Mmu.Access(space->Root, address, access);
            if (pointer != null)
                return pointer;
            FaultResult fault = Memory.Faults.Handle(space, new VirtualAddress(address), access);
            if (fault.Status == MemoryStatus.WouldBlock)
                ServePager();
            else
                Assert.Equal(MemoryStatus.Ok, fault.Status);
        }
        throw new InvalidOperationException("the fault never resolves");
    }
}
