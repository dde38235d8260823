using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Memory.Tests;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;
using Aurora.Testing;
using Xunit;

namespace Aurora.Posix.Tests.Files;

/// <summary>One group's files over host memory and a model store, with one process and thread to act for, and checkpoints of it
/// all.</summary>
internal sealed unsafe class FileWorld : IDisposable
{
    private readonly StateCodec[] _codecs;
    private ulong _captures;

    public FileWorld(ModelStore? store = null, int frames = 2048, bool isExpectedToFail = false, FileLimits? limits = null)
    {
        HostEnvironment.Install();
        Frames = new HostFramePool(frames);
        var tracked = new TrackedObjects(Pages);
        Clocks = new GroupClocks(Clock, tracked);
        Scheduler = new ThreadScheduler(Pages, tracked, Clocks);
        var options = new MemoryOptions
        {
            MaxObjects = 1 << 16, MaxMappings = 1 << 15, MaxSpaces = 256, MaxDirtyPages = 65536, MaxPageIns = 64, Verify = true,
        };
        var files = new FileState(Pages, tracked, limits ?? FileLimits.Default);
        Memory = new MemoryManager(
            Pages, tracked, Frames, new SoftwareMmu(Frames), Scheduler, new HostFibers(), default, new MappedFiles(files), options);
        User = new UserMemory(Memory);
        Tracker = tracked.Add(0, new ObjectId(1));
        Records = new ModelFileRecords(_ => Store!.Records, kind => CodecOf(kind).Version, (_, _) => UserOfRecords);
        Store = store ?? new ModelStore();
        Processes = new ProcessTable(Pages, tracked);
        Signals = new SignalService(Pages, Scheduler, tracked, Processes);
        var environment = new FileEnvironment(new StorageSpace(), new Preemption(), Records, new HostFibers());
        Files = new FileServices(files, Memory, User, Scheduler, Clocks, new RandomSource(), environment, new TestProcesses(this),
            new TimerService(Pages, Scheduler, Signals, Clocks, tracked));
        Space = Files.Attach(Tracker)!;
        _codecs = [new MemoryObjectCodec(Memory), new AddressSpaceCodec(Memory), new MappingCodec(Memory), .. CodecsOf(Files)];
        Tables = new ProcessFileTables(Files);
        if (store is null)
            Assert.True(Files.Creation.CreateRoot(Space));
        else
            LoadStatus = TryLoad(store);
        Assert.True(isExpectedToFail || LoadStatus == RestoreStatus.Ok, $"{LoadStatus}");
        if (Space->Root == null && Space->Tree == null)
            Assert.True(Files.Creation.CreateRoot(Space));
        Build = Space->Root == null ? null! : new TreeBuilder(Files, Space);
        if (store is null)
        {
            Assert.Equal(Errno.Ok, StandardTree.Populate(Files, Space));
            StartProcess();
        }
    }

    public HostPageAllocator Pages { get; } = new();
    public HostFramePool Frames { get; }
    public TestClock Clock { get; } = new();
    public GroupClocks Clocks { get; }
    public ThreadScheduler Scheduler { get; }
    public MemoryManager Memory { get; }
    public UserMemory User { get; }
    public ObjectTracker Tracker { get; }
    public FileServices Files { get; }

    /// <summary>To whom all that is read belongs.</summary>
    public uint UserOfRecords { get; set; }
    public Namespace* Space { get; }
    public ProcessTable Processes { get; }
    public SignalService Signals { get; }
    public PidNamespace Pids => Processes.Of(Tracker);
    public ProcessFileTables Tables { get; }
    public TreeBuilder Build { get; }
    public ModelStore Store { get; }
    public ModelFileRecords Records { get; }
    public RestoreStatus LoadStatus { get; }

    /// <summary>The process and thread the tests act for: root, at the root, without memory.</summary>
    public Process* Process { get; private set; }
    public Thread* Thread { get; private set; }

    public FileCaller Caller => new(Thread);
    public DescriptorTable* Table => (DescriptorTable*)Process->Descriptors;
    public FileContext* Context => (FileContext*)Process->FileSystem;

    public void Dispose() => Frames.Dispose();

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A process with its own table and context (or those given), and a thread in it.</summary>
    public Thread* StartProcess(DescriptorTable* table = null, FileContext* context = null)
    {
        Process* process = Processes.CreateProcess(Pids);
        process->Limits = ResourceLimits.Initial();
        process->Credentials.Capabilities = CapabilitySets.OfRoot;
        if (table == null)
        {
            Assert.Equal(Errno.Ok, Tables.Start(process, Space, 0x12));
        }
        else
        {
            Files.Descriptors.Hold(table);
            Files.Contexts.Hold(context);
            process->Descriptors = table;
            process->FileSystem = context;
        }
        Thread* thread = Processes.CreateThread(process);
        if (Process == null)
        {
            Process = process;
            Thread = thread;
        }
        return thread;
    }

    public void ActAs(uint uid, uint gid)
    {
        ref Credentials c = ref Process->Credentials;
        c.RealUid = c.EffectiveUid = c.SavedUid = c.FileUid = uid;
        c.RealGid = c.EffectiveGid = c.SavedGid = c.FileGid = gid;
        c.Capabilities = CapabilitySets.Of(uid, uid, uid, uid);
    }

    /// <summary>The inode at a path, not held beyond its names.</summary>
    public Inode* At(string path, bool follow = false)
    {
        Assert.Equal(Errno.Ok, Build.Find(Bytes(path), follow, out Inode* inode));
        Files.Inodes.Release(inode);
        return inode;
    }

    public bool Exists(string path)
    {
        Errno error = Build.Find(Bytes(path), false, out Inode* inode);
        if (error == Errno.Ok)
            Files.Inodes.Release(inode);
        return error == Errno.Ok;
    }

    public void WriteFile(string path, ReadOnlySpan<byte> contents, uint permissions = 0x1A4)
    {
        Errno error = Build.Make(Bytes(path), InodeMode.Regular | permissions);
        Assert.True(error is Errno.Ok or Errno.EEXIST);
        Inode* inode = At(path);
        Assert.Equal(Errno.Ok, Settle(() => Build.Resize(inode, 0)));
        byte[] copy = contents.ToArray();
        Assert.Equal(Errno.Ok, Settle(() => Build.Write(inode, 0, copy)));
    }

    public byte[] ReadFile(Inode* inode)
    {
        byte[] contents = new byte[inode->Size];
        Errno error = Settle(() => Build.Read(inode, 0, contents, out _));
        Assert.Equal(Errno.Ok, error);
        return contents;
    }

    /// <summary>Repeats what had to wait for a page.</summary>
    public Errno Settle(Func<Errno> action)
    {
        Errno error = action();
        for (int tries = 0; error == Errno.EAGAIN && tries < 100; tries++)
        {
            ServePages();
            error = action();
        }
        return error;
    }

    /// <summary>Opens an inode without a descriptor; the file has one reference.</summary>
    public OpenFile* Open(Inode* inode, uint flags)
    {
        FileCaller caller = Caller;
        Assert.Equal(Errno.Ok, Files.OpenFiles.Open(in caller, inode, flags, out OpenFile* file));
        return file;
    }

    /// <summary>A read into kernel memory; -errno, or minus 1000 when it would block. Pages on their way are awaited.</summary>
    public long Read(OpenFile* file, Span<byte> buffer)
    {
        fixed (byte* memory = buffer)
            return Drive(file, memory, buffer.Length, isWrite: false);
    }

    public long Write(OpenFile* file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* memory = bytes)
            return Drive(file, memory, bytes.Length, isWrite: true);
    }

    // As the executive would: dispatch again with the recorded progress after every wait for a page.
    private long Drive(OpenFile* file, byte* memory, int length, bool isWrite)
    {
        Thread->Call = default;
        Scheduler.LeaveQueues(Thread);
        while (true)
        {
            ulong done = Thread->Call.Progress;
            var transfer = new FileTransfer(Files.Transfers, Thread, memory + done, (ulong)length - done, done);
            FileOperations operations = Files.OpenFiles.OperationsOf(file)!;
            SystemCallResult result = isWrite ? operations.Write(file, ref transfer) : operations.Read(file, ref transfer);
            if (result.Outcome == SystemCallOutcome.Done)
                return result.Value;
            if (result.IsInterruptible || (Memory.PageIns.Outstanding == 0 && Files.Requests.Count == 0))
                return -1000;
            Scheduler.LeaveQueues(Thread);
            ServePages();
        }
    }

    public void ServePages()
    {
        Files.Loader.ServeAll();
        for (PageInRequest* request = Memory.PageIns.Take(); request != null; request = Memory.PageIns.Take())
        {
            byte[]? bytes = Store.Page(request->Source.Value, request->Page);
            FrameNumber frame = bytes == null ? default : Frames.Allocate(FrameFlags.Data);
            bytes?.CopyTo(new Span<byte>(Frames.AddressOf(frame), PageSize.Bytes));
            Memory.PageIns.Complete(request, bytes == null ? PageInStatus.Hole : PageInStatus.Ok, frame);
        }
    }

    /// <summary>What <see cref="Submit"/> has captured is durable from now on.</summary>
    public void Land() => Tracker.NoteDurable(_captures);

    /// <summary>Drops every name and inode that may go, those of deep trees too.</summary>
    public void DropNames()
    {
        for (ulong before = ulong.MaxValue; before != Files.Reclaim.Dropped;)
        {
            before = Files.Reclaim.Dropped;
            for (int round = 0; round < 3; round++)
            {
                while (!Files.Reclaim.Step())
                {
                }
            }
        }
    }

    /// <summary>Commits everything that changed to the model store.</summary>
    public void Checkpoint()
    {
        Submit();
        Land();
    }

    /// <summary>As <see cref="Checkpoint"/>; readers of the store see it, and it may still be lost.</summary>
    public void Submit()
    {
        var epoch = (FrozenEpoch*)NativeMemory.AllocZeroed((nuint)sizeof(FrozenEpoch));
        Memory.Epochs.Freeze(Tracker, epoch);
        var records = new Dictionary<ulong, (ObjectKind, byte[])>();
        byte[] payload = new byte[StateCodec.MaxPayloadBytes];
        while (Tracker.FirstChanged != null)
        {
            ObjectHeader* header = Tracker.FirstChanged;
            StateCodec? codec = Array.Find(_codecs, c => c.Kind == header->Kind);
            if (codec is null)
            {
                Tracker.ClearChanged(header);
                continue;
            }
            int length = codec.Capture(header, payload);
            Assert.InRange(length, 0, StateCodec.MaxPayloadBytes);
            records[header->Id.Value] = (header->Kind, payload[..length]);
            Tracker.EndCapture(header, _captures + 1);
        }
        Tracker.NoteCapture(++_captures);
        var ended = new List<ulong>();
        while (Tracker.Ended.Count > 0)
            ended.Add(Tracker.Ended.TakeLast(Pages).Value);
        Store.NextId = Tracker.NextId;
        Store.Apply(epoch, records, ended, Frames);
        Memory.Epochs.Submitted(epoch);
        Memory.Epochs.Release(epoch);
        NativeMemory.Free(epoch);
    }

    /// <summary>Checkpoints, and makes another world from the store as a boot would. The process gets its table and context back.</summary>
    public FileWorld Reboot()
    {
        Checkpoint();
        ObjectId table = Table->Header.Id;
        ObjectId context = Context->Header.Id;
        var world = new FileWorld(Store.Copy());
        world.StartProcess(
            (DescriptorTable*)world.Tracker.Find(table, ObjectKind.DescriptorTable),
            (FileContext*)world.Tracker.Find(context, ObjectKind.FileContext));
        return world;
    }

    /// <summary>Restores records into this world; the first status that is not Ok.</summary>
    private RestoreStatus TryLoad(ModelStore store)
    {
        var ids = new List<ulong>(store.Records.Keys);
        ids.RemoveAll(id => FileIds.IsOnDemand(new ObjectId(id)));
        ids.Sort();
        foreach (ulong id in ids)
        {
            (ObjectKind kind, byte[] payload) = store.Records[id];
            RestoreStatus status = CodecOf(kind).Create(Tracker, new ObjectId(id), CodecOf(kind).Version, payload);
            if (status != RestoreStatus.Ok)
                return status;
        }
        ObjectId[] references = new ObjectId[StateCodec.MostReferences];
        foreach (ulong id in ids)
        {
            (ObjectKind kind, byte[] payload) = store.Records[id];
            int count = CodecOf(kind).References(payload, references);
            for (int i = 0; i < count; i++)
            {
                RestoreStatus status = FileIds.IsFile(references[i])
                    ? Files.Loader.LoadReferenced(Tracker, references[i]) : RestoreStatus.Ok;
                if (status != RestoreStatus.Ok)
                    return status;
            }
        }
        foreach (ulong id in ids)
        {
            (ObjectKind kind, byte[] payload) = store.Records[id];
            RestoreStatus status = CodecOf(kind).Link(Tracker, Tracker.Find(new ObjectId(id)), payload);
            if (status != RestoreStatus.Ok)
                return status;
        }
        foreach (ulong id in ids)
        {
            RestoreStatus status = CodecOf(store.Records[id].Kind).Finish(Tracker, Tracker.Find(new ObjectId(id)));
            if (status != RestoreStatus.Ok)
                return status;
        }
        Tracker.ContinueIdsFrom(store.NextId);
        return Files.Conversion.Convert(Tracker);
    }

    /// <summary>Everything that the store has of the tree is in memory afterwards.</summary>
    public void LoadTree() => LoadTree(Space->Root);

    private void LoadTree(Inode* directory)
    {
        ulong position = 0;
        while (!directory->IsProc)
        {
            Assert.Equal(Errno.Ok, Build.Next(directory, position, out DirectoryEntry* entry));
            if (entry == null)
                return;
            Assert.Equal(Errno.Ok, Build.Follow(entry));
            if (entry->Target->IsDirectory)
                LoadTree(entry->Target);
            position = entry->Position;
        }
    }

    private StateCodec CodecOf(ObjectKind kind) => Array.Find(_codecs, codec => codec.Kind == kind)!;

    private static List<StateCodec> CodecsOf(FileServices files)
    {
        var table = new FileCodecs(files);
        var codecs = new List<StateCodec>();
        for (int i = 0; i < FileCodecs.Count; i++)
            codecs.Add(table[i]);
        return codecs;
    }
}
