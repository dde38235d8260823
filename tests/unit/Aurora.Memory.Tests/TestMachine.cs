using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Testing;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>A frozen epoch with what the checkpoint engine would keep beside it.</summary>
internal sealed unsafe class InFlightEpoch
{
    public FrozenEpoch* Epoch;
    public Dictionary<ulong, (ObjectKind Kind, byte[] Payload)> Records = [];
    public List<ulong> Ended = [];
    public List<(FrameNumber Frame, byte[] Bytes)> Frozen = [];
    public bool IsSubmitted;

    /// <summary>A part of it has been released.</summary>
    public bool IsLanding;
    public object? Tag;
}

/// <summary>A clock that stands still until it is set.</summary>
internal sealed class SetClock : Clock
{
    public ulong Now { get; set; }

    public override ulong MonotonicNanoseconds => Now;

    public override ulong RealtimeNanoseconds => Now + 1_700_000_000_000_000_000;
}

/// <summary>Virtual memory over host frames, a software MMU, a model store with a pager, and a small checkpoint engine.</summary>
internal sealed unsafe class TestMachine : IDisposable
{
    private readonly StateCodec[] _codecs;
    private readonly SeededMemoryFaults _seeded;
    private readonly int _mappings;
    private readonly List<(nint Request, byte[]? Bytes)> _held = [];

    public TestMachine(int frames = 4096, ModelStore? store = null, SeededMemoryFaults seeded = SeededMemoryFaults.None,
        DroppedInvalidations dropped = DroppedInvalidations.None, int mappings = 8192, bool isEphemeral = false)
    {
        HostEnvironment.Install();
        Pages = new HostPageAllocator();
        Frames = new HostFramePool(frames);
        _seeded = seeded;
        _mappings = mappings;
        Mmu = new SoftwareMmu(Frames) { Dropped = dropped };
        Waker = new RecordingWaker();
        Store = store ?? new ModelStore();
        var options = new MemoryOptions
        {
            MaxObjects = 4096, MaxMappings = mappings, MaxSpaces = 256, MaxDirtyPages = 65536, MaxPageIns = 32,
            MaxHotPages = 8, WriteAroundPages = 32, Verify = true,
            Seeded = seeded,
        };
        Tracked = new TrackedObjects(Pages);
        Clocks = new GroupClocks(Clock, Tracked);
        Memory = new MemoryManager(
            Pages, Tracked, Frames, Mmu, Waker, new HostFibers(), default, keeper: null, options, clocks: Clocks,
            source: new TestClockSource());
        Tracker = Tracked.Add(0, new ObjectId(100));
        if (isEphemeral)
            Tracker.BeEphemeral();
        User = new UserMemory(Memory);
        _codecs = [new MemoryObjectCodec(Memory), new AddressSpaceCodec(Memory), new MappingCodec(Memory)];
        Baseline = Frames.UsedFrames;
    }

    public HostPageAllocator Pages { get; }
    public HostFramePool Frames { get; }
    public SoftwareMmu Mmu { get; }
    public RecordingWaker Waker { get; }
    public ModelStore Store { get; set; }
    public SetClock Clock { get; } = new();
    public TrackedObjects Tracked { get; }
    public GroupClocks Clocks { get; }
    public MemoryManager Memory { get; }
    public ObjectTracker Tracker { get; }
    public UserMemory User { get; }
    public ulong Baseline { get; }
    public List<InFlightEpoch> Epochs { get; } = [];

    /// <summary>What the tag of the newest epoch was that has been released; of the state that the machine was restored from.</summary>
    public object? ReleasedTag { get; set; }

    /// <summary>The tag of the newest epoch there is.</summary>
    public object? CapturedTag => Epochs.Count > 0 ? Epochs[^1].Tag : ReleasedTag;

    public void Dispose()
    {
        Pages.Dispose();
        Frames.Dispose();
    }

    public AddressSpace* NewSpace()
    {
        AddressSpace* space = Memory.Spaces.Create(Tracker, SpaceLimits.Default);
        Assert.True(space != null);
        return space;
    }

    public ulong MapAnonymous(AddressSpace* space, ulong address, ulong pages, MappingFlags flags = 0, Protection protection = Protection.Read | Protection.Write)
    {
        var request = new MapRequest
        {
            Address = new VirtualAddress(address), Length = pages * 4096, Protection = protection, Flags = flags,
            Placement = address == 0 ? MapPlacement.Hint : MapPlacement.Fixed,
        };
        Assert.Equal(MemoryStatus.Ok, Memory.Mappings.Map(space, request, out VirtualAddress at));
        return at.Value;
    }

    public ulong MapFile(AddressSpace* space, ulong address, VmObject* file, ulong offset, ulong pages, MappingFlags flags, Protection protection)
    {
        var request = new MapRequest
        {
            Address = new VirtualAddress(address), Length = pages * 4096, Protection = protection, Flags = flags,
            Placement = address == 0 ? MapPlacement.Hint : MapPlacement.Fixed, Object = file, PageOffset = offset,
        };
        Assert.Equal(MemoryStatus.Ok, Memory.Mappings.Map(space, request, out VirtualAddress at));
        return at.Value;
    }

    /// <summary>A program's access: faults are resolved and page-ins served until it succeeds or is refused.</summary>
    public MemoryStatus TryAccess(AddressSpace* space, ulong address, FaultAccess access, out byte* pointer)
    {
        for (int tries = 0; tries < 20; tries++)
        {
            pointer = Mmu.Access(space->Root, address, access);
            if (pointer != null)
                return MemoryStatus.Ok;
            FaultResult fault = Memory.Faults.Handle(space, new VirtualAddress(address), access);
            if (fault.Status == MemoryStatus.WouldBlock)
                ServePager();
            else if (fault.Status != MemoryStatus.Ok)
                return fault.Status;
        }
        throw new InvalidOperationException("the fault never resolves");
    }

    public void Store64(AddressSpace* space, ulong address, ulong value)
    {
        Assert.Equal(MemoryStatus.Ok, TryAccess(space, address, FaultAccess.Write, out byte* pointer));
        *(ulong*)pointer = value;
    }

    public ulong Load64(AddressSpace* space, ulong address)
    {
        Assert.Equal(MemoryStatus.Ok, TryAccess(space, address, FaultAccess.Read, out byte* pointer));
        return *(ulong*)pointer;
    }

    public PageAccess FileForWrite(VmObject* file, ulong page, bool overwrite = false)
    {
        PageAccess access = Memory.Pages.GetForWrite(file, page, overwrite);
        while (access.Status == MemoryStatus.WouldBlock)
        {
            ServePager();
            access = Memory.Pages.GetForWrite(file, page, overwrite);
        }
        return access;
    }

    public PageAccess FileForRead(VmObject* file, ulong page)
    {
        PageAccess access = Memory.Pages.GetForRead(file, page);
        while (access.Status == MemoryStatus.WouldBlock)
        {
            ServePager();
            access = Memory.Pages.GetForRead(file, page);
        }
        return access;
    }

    /// <summary>Takes and reads what is queued; the completions come with the next <see cref="ServePager"/>.</summary>
    public void HoldPageIns()
    {
        for (PageInRequest* request = Memory.PageIns.Take(); request != null; request = Memory.PageIns.Take())
            _held.Add(((nint)request, Store.Page(request->Source.Value, request->Page)));
    }

    public void ServePager()
    {
        HoldPageIns();
        foreach ((nint request, byte[]? bytes) in _held)
            Complete((PageInRequest*)request, bytes);
        _held.Clear();
    }

    private void Complete(PageInRequest* request, byte[]? bytes)
    {
        if (request->IsProbe)
        {
            Store.NextPages(request->Source.Value, request->Page, out ulong present, out ulong presentEnd);
            Memory.PageIns.CompleteProbe(request, PageInStatus.Ok, present, presentEnd);
            return;
        }
        FrameNumber frame = bytes == null ? default : Frames.Allocate(FrameFlags.Data);
        if (bytes != null)
            bytes.CopyTo(new Span<byte>(Frames.AddressOf(frame), 4096));
        Memory.PageIns.Complete(request, bytes == null ? PageInStatus.Hole : PageInStatus.Ok, frame);
    }

    /// <summary>One step of madvise(MADV_DONTNEED), waiting for the store where it must.</summary>
    public MemoryStatus DropPages(AddressSpace* space, ulong address, ulong bytes, out ulong done)
    {
        ulong before = 0;
        MemoryStatus status = Memory.Mappings.DropPages(space, new VirtualAddress(address), bytes, out done, out WaitQueue* wait);
        while (status == MemoryStatus.WouldBlock)
        {
            ServePager();
            before += done;
            status = Memory.Mappings.DropPages(space, new VirtualAddress(address + before), bytes - before, out done, out wait);
        }
        done += before;
        return status;
    }

    /// <summary>No entry shows a frame that is free, and no frame is writable through two mappings that own what they show.</summary>
    public void AssertFramesShown()
    {
        var owners = new Dictionary<ulong, ulong>();
        Memory.Verifier.VerifyAll();
        for (uint index = 0; index < Memory.State.Mappings.IndexBound; index++)
        {
            Mapping* mapping = Memory.State.Mappings.LiveAt(index);
            for (VirtualAddress at = mapping == null ? default : mapping->Start; mapping != null && at.Value < mapping->End.Value; at = at + 4096)
            {
                ulong* entry = Memory.Tables.Find(mapping->Space->Root, at);
                if (entry == null)
                    at = new VirtualAddress(at.Value | 0x1F_F000);
                if (entry == null || *entry == 0)
                    continue;
                FrameNumber frame = PageEntry.FrameOf(*entry);
                Assert.False(Frames.InfoOf(frame)->IsFree, $"0x{at.Value:x} shows a free frame");
                bool isOwn = (mapping->Flags & MappingFlags.OwnsObject) != 0 && (*entry & PageEntry.Writable) != 0;
                Assert.True(!isOwn || owners.TryAdd(frame.Value, at.Value), $"0x{at.Value:x} shows another mapping's frame");
            }
        }
    }

    /// <summary>Drops a space's reference, and takes it apart if it is large.</summary>
    public void Release(AddressSpace* space)
    {
        Memory.Spaces.Release(space);
        while (Memory.Spaces.IsEnding)
            Memory.Spaces.EndStep();
    }

    public InFlightEpoch Freeze()
    {
        var flight = new InFlightEpoch { Epoch = (FrozenEpoch*)NativeMemory.AllocZeroed((nuint)sizeof(FrozenEpoch)) };
        Memory.Epochs.Freeze(Tracker, flight.Epoch);
        CaptureRecords(flight);
        SnapshotFrozen(flight);
        Epochs.Add(flight);
        return flight;
    }

    /// <summary>Freezes one object, which can be, without records.</summary>
    public InFlightEpoch FreezeAlone(VmObject* target)
    {
        var flight = new InFlightEpoch { Epoch = (FrozenEpoch*)NativeMemory.AllocZeroed((nuint)sizeof(FrozenEpoch)) };
        Memory.Epochs.FreezeAlone(target, flight.Epoch);
        SnapshotFrozen(flight);
        Epochs.Add(flight);
        return flight;
    }

    /// <summary>The store takes the commit; epochs are submitted in order.</summary>
    public void Submit(InFlightEpoch flight)
    {
        Store.Apply(flight.Epoch, flight.Records, flight.Ended, Frames);
        Memory.Epochs.Submitted(flight.Epoch);
        flight.IsSubmitted = true;
    }

    public void ReleaseOldest()
    {
        while (!ReleaseSome())
        {
        }
    }

    /// <summary>Releases a few pages of the oldest epoch; true when that was all.</summary>
    public bool ReleaseSome()
    {
        InFlightEpoch flight = Epochs[0];
        if (!flight.IsSubmitted)
            Submit(flight);
        foreach ((FrameNumber frame, byte[] bytes) in flight.Frozen)
        {
            bool isAsFrozen = flight.IsLanding || new ReadOnlySpan<byte>(Frames.AddressOf(frame), 4096).SequenceEqual(bytes);
            Assert.True(isAsFrozen, "a frozen frame changed");
        }
        flight.IsLanding = true;
        if (!Memory.Epochs.ReleaseSome(flight.Epoch))
            return false;
        NativeMemory.Free(flight.Epoch);
        Epochs.RemoveAt(0);
        ReleasedTag = flight.Tag;
        return true;
    }

    /// <summary>The newest epoch fails before the store has seen it.</summary>
    public void MergeNewest()
    {
        InFlightEpoch flight = Epochs[^1];
        Memory.Epochs.Merge(flight.Epoch);
        foreach (ulong id in flight.Ended)
            Tracker.Ended.Add(Pages, new ObjectId(id));
        foreach (ulong id in flight.Records.Keys)
        {
            ObjectHeader* header = Tracker.Find(new ObjectId(id));
            if (header != null)
                Tracker.MarkChanged(header);
        }
        NativeMemory.Free(flight.Epoch);
        Epochs.RemoveAt(Epochs.Count - 1);
    }

    public void Checkpoint()
    {
        Freeze();
        while (Epochs.Count > 0)
            ReleaseOldest();
    }

    /// <summary>A new machine with the objects of the store's records and nothing in memory.</summary>
    public TestMachine Restore(ModelStore store, bool isEphemeral = false)
    {
        int frames = Frames.TotalFrames < 4096 ? 4096 : (int)Frames.TotalFrames + 1;
        var machine = new TestMachine(frames, store, _seeded, Mmu.Dropped, _mappings, isEphemeral);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in store.Records)
            Assert.Equal(RestoreStatus.Ok, machine.CodecOf(kind).Create(machine.Tracker, new ObjectId(id), CodecOf(kind).Version, payload));
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in store.Records)
            Assert.Equal(RestoreStatus.Ok, machine.CodecOf(kind).Link(machine.Tracker, machine.Tracker.Find(new ObjectId(id)), payload));
        return machine;
    }

    /// <summary>After everything has been released: nothing may be left.</summary>
    public void AssertNothingLeft()
    {
        while (Epochs.Count > 0)
            ReleaseOldest();
        ServePager();
        Checkpoint();
        Assert.Equal(0, Memory.ObjectCount);
        Assert.Equal(0, Memory.MappingTotal);
        Assert.Equal(0, Memory.SpaceCount);
        Assert.Equal(0, Memory.ChangeStructures);
        Assert.Equal(0, Tracker.Count);
        Assert.Equal(Baseline, Frames.UsedFrames);
        Frames.AssertFreeFramesUntouched();
    }

    private StateCodec CodecOf(ObjectKind kind) => Array.Find(_codecs, codec => codec.Kind == kind)!;

    private void CaptureRecords(InFlightEpoch flight)
    {
        byte[] payload = new byte[StateCodec.MaxPayloadBytes];
        while (Tracker.FirstChanged != null)
        {
            ObjectHeader* header = Tracker.FirstChanged;
            int length = CodecOf(header->Kind).Capture(header, payload);
            flight.Records[header->Id.Value] = (header->Kind, payload[..length]);
            Tracker.MarkStored(header);
            Tracker.ClearChanged(header);
        }
        while (Tracker.Ended.Count > 0)
            flight.Ended.Add(Tracker.Ended.TakeLast(Pages).Value);
    }

    private void SnapshotFrozen(InFlightEpoch flight)
    {
        var seen = new HashSet<(ulong, ulong)>();
        for (ChangeSet* set = flight.Epoch->First; set != null; set = set->Next)
        {
            var cursor = new FrozenPageCursor(set);
            while (cursor.MoveNext())
            {
                Assert.True(seen.Add((set->Id.Value, cursor.Current->Page)), "a page is twice in one epoch");
                FrameNumber frame = cursor.Current->Frame;
                if (frame.Value != 0)
                    flight.Frozen.Add((frame, new ReadOnlySpan<byte>(Frames.AddressOf(frame), 4096).ToArray()));
            }
        }
        Assert.Equal((ulong)seen.Count, flight.Epoch->Pages);
    }
}
