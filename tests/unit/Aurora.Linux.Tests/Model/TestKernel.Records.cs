using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Linux.Tests;

internal sealed unsafe partial class TestKernel
{
    /// <summary>Records and pages of one capture; what a store would hold.</summary>
    internal sealed class Image
    {
        public SortedDictionary<ulong, (ObjectKind Kind, byte[] Payload)> Records { get; } = [];

        /// <summary>Who pays for an object, where that is not root.</summary>
        public Dictionary<ulong, uint> Users { get; } = [];
        public Dictionary<ulong, Dictionary<ulong, byte[]>> Pages { get; } = [];
        public ulong Monotonic { get; set; }
        public ulong Realtime { get; set; }

        // What the group's record holds.
        public ObjectId NextId { get; set; }
        public int LastProcessId { get; set; }

        /// <summary>Another image with the same contents.</summary>
        public Image Copy()
        {
            var copy = new Image { Monotonic = Monotonic, Realtime = Realtime, NextId = NextId, LastProcessId = LastProcessId };
            foreach ((ulong id, (ObjectKind Kind, byte[] Payload) record) in Records)
                copy.Records[id] = record;
            foreach ((ulong id, uint user) in Users)
                copy.Users[id] = user;
            foreach ((ulong id, Dictionary<ulong, byte[]> pages) in Pages)
                copy.Pages[id] = new Dictionary<ulong, byte[]>(pages);
            return copy;
        }
    }

    /// <summary>Captures everything that changed since the last capture into the image, as the checkpoint engine does.</summary>
    public void Capture(Image image)
    {
        Scheduler.MarkThreadsThatRan(Tracker);
        FrozenEpoch epoch = default;
        Memory.Epochs.Freeze(Tracker, &epoch);
        byte[] payload = new byte[StateCodec.MaxPayloadBytes];
        // First: a name may have the id of one that has ended.
        while (Tracker.Ended.Count > 0)
        {
            ulong ended = Tracker.Ended.TakeLast(Pages).Value;
            image.Records.Remove(ended);
            image.Users.Remove(ended);
        }
        while (Tracker.FirstChanged != null)
        {
            ObjectHeader* header = Tracker.FirstChanged;
            if (!Codecs[header->Kind].IsSound(header))
                Assert.Fail($"{header->Kind} {header->Id.Value} would be refused: it contradicts itself");
            int length = Codecs[header->Kind].Capture(header, payload);
            image.Records[header->Id.Value] = (header->Kind, payload[..length]);
            if (SlabSlot.UserOf(header) is not 0 and uint user)
                image.Users[header->Id.Value] = user;
            Tracker.MarkStored(header);
            Tracker.ClearChanged(header);
        }
        ApplyPages(image, &epoch);
        Memory.Epochs.Submitted(&epoch);
        Memory.Epochs.Release(&epoch);
        image.Monotonic = GroupClock.MonotonicNanoseconds;
        image.Realtime = Clock.Realtime;
        image.NextId = Tracker.NextId;
        image.LastProcessId = Pids.Ids.Last;
    }

    /// <summary>A fresh machine with the image's state; its pages are read in when they are touched.</summary>
    public static TestKernel Restore(Image image, bool isPlain = false, Func<ObjectKind, byte?>? versionOf = null)
    {
        var kernel = new TestKernel(isPlain) { _versionOf = versionOf ?? (_ => null) };
        kernel.RestoreFrom(image);
        return kernel;
    }

    /// <summary>Whether a fresh machine takes an image.</summary>
    public static RestoreStatus TryRestore(Image image)
    {
        // A restore brings no page into memory; making frames is most of what an attempt takes.
        using var kernel = new TestKernel(frames: 512);
        kernel.Clock.Now = image.Monotonic;
        kernel._sources[kernel.Tracker.Index] = image;
        RestoreStatus status = RestoreStatus.Ok;
        for (int pass = 0; pass < 4 && status == RestoreStatus.Ok; pass++)
        {
            foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records
                .Where(record => !FileIds.IsOnDemand(new ObjectId(record.Key))))
            {
                StateCodec codec = kernel.Codecs[kind];
                ObjectHeader* header = kernel.Tracker.Find(new ObjectId(id));
                status = pass == 0 ? codec.Create(kernel.Tracker, new ObjectId(id), codec.Version, payload)
                    : pass == 1 ? kernel.LoadOne(id, kind, payload)
                    : pass == 2 ? codec.Link(kernel.Tracker, header, payload) : codec.Finish(kernel.Tracker, header);
                if (status != RestoreStatus.Ok)
                    break;
            }
        }
        return status != RestoreStatus.Ok || kernel.Names->Root == null || kernel.TryLoadTree() ? status : RestoreStatus.BadRecord;
    }

    /// <summary>Gives a kernel that has not booted the image's state.</summary>
    public void RestoreFrom(Image image)
    {
        Clock.Now = image.Monotonic;
        Clock.Realtime = image.Realtime;
        RestoreGroup(image);
    }

    /// <summary>Gives the group the image's state. It is empty, and others may run beside it.</summary>
    public void RestoreGroup(Image image)
    {
        _sources[Tracker.Index] = image;
        GroupClock.ContinueFrom(image.Monotonic);
        Func<ulong, ObjectKind, byte[], RestoreStatus>[] passes = [CreateOne, LoadOne, LinkOne, FinishOne];
        foreach (Func<ulong, ObjectKind, byte[], RestoreStatus> pass in passes)
            foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records
                .Where(record => !FileIds.IsOnDemand(new ObjectId(record.Key))))
                if (pass(id, kind, payload) is not RestoreStatus.Ok and RestoreStatus status)
                    Assert.Fail($"{pass.Method.Name}: {kind} {id} is refused: {status}");
        Tracker.ContinueIdsFrom(image.NextId);
        Pids.Ids.GoOnFrom(image.LastProcessId);
        Assert.Equal(RestoreStatus.Ok, Files.Conversion.Convert(Tracker));
    }

    /// <summary>Everything that the image has of the tree is in memory afterwards.</summary>
    public void LoadTree() => Assert.True(TryLoadTree());

    /// <summary>As above; false when something cannot be had, or is not as its directory says.</summary>
    private bool TryLoadTree() => TryLoadTree(new TreeBuilder(Files, Names), Names->Root) && Files.Contradictions == 0;

    private static bool TryLoadTree(TreeBuilder tree, Inode* directory)
    {
        uint expected = directory->EntryCount;
        uint count = 0;
        for (ulong position = 0; !directory->IsProc; count++)
        {
            if (tree.Next(directory, position, out DirectoryEntry* entry) != Errno.Ok)
                return false;
            if (entry == null)
                break;
            position = entry->Position;
            if (tree.Follow(entry) != Errno.Ok || (entry->Target->IsDirectory && !TryLoadTree(tree, entry->Target)))
                return false;
        }
        return count == expected;
    }

    private readonly Dictionary<ushort, Image> _sources = [];
    private Func<ObjectKind, byte?> _versionOf = _ => null;

    /// <summary>What the group was restored from: a further capture goes into it.</summary>
    public Image? Source => SourceOf(Tracker.Index);

    /// <summary>From here on the pages of a group are read from an image, or with null from nowhere.</summary>
    public void ReadFrom(ushort group, Image? image)
    {
        if (image == null)
            _sources.Remove(group);
        else
            _sources[group] = image;
    }

    private bool HasSource => _sources.Count != 0;

    private Image? SourceOf(ushort group) => _sources.GetValueOrDefault(group);

    /// <summary>Serves the pages that restored programs wait for.</summary>
    public void ServePager()
    {
        Files.Loader.ServeAll();
        for (PageInRequest* request = Memory.PageIns.Take(); request != null; request = Memory.PageIns.Take())
        {
            if (request->IsProbe)
            {
                Answer(request);
                continue;
            }
            byte[]? bytes = SourceOf(request->Group)?.Pages.GetValueOrDefault(request->Source.Value)?.GetValueOrDefault(request->Page);
            bool isKnown = bytes != null;
            FrameNumber frame = isKnown ? Frames.Allocate(FrameFlags.Data) : default;
            bytes?.CopyTo(new Span<byte>(Frames.AddressOf(frame), 4096));
            Memory.PageIns.Complete(request, isKnown ? PageInStatus.Ok : PageInStatus.Hole, frame);
        }
    }

    // Which page the store has next, and how many follow it.
    private void Answer(PageInRequest* request)
    {
        Dictionary<ulong, byte[]> pages = SourceOf(request->Group)!.Pages.GetValueOrDefault(request->Source.Value) ?? [];
        ulong first = request->Page;
        ulong present = pages.Keys.Where(page => page >= first).DefaultIfEmpty(VmObject.MaxPages).Min();
        ulong end = present;
        while (pages.ContainsKey(end))
            end++;
        Memory.PageIns.CompleteProbe(request, PageInStatus.Ok, present, end);
    }

    private RestoreStatus CreateOne(ulong id, ObjectKind kind, byte[] payload)
    {
        Pages.Accounts.Enter(Source!.Users.GetValueOrDefault(id), isPrivileged: true);
        RestoreStatus status = Create(id, kind, payload);
        Pages.Accounts.Leave();
        return status;
    }

    private RestoreStatus Create(ulong id, ObjectKind kind, byte[] payload)
        => Codecs[kind].Create(Tracker, new ObjectId(id), _versionOf(kind) ?? Codecs[kind].Version, payload);

    private RestoreStatus LoadOne(ulong id, ObjectKind kind, byte[] payload)
    {
        Span<ObjectId> ids = stackalloc ObjectId[StateCodec.MostReferences];
        int count = Codecs[kind].References(payload, ids);
        RestoreStatus status = RestoreStatus.Ok;
        for (int i = 0; i < count && status == RestoreStatus.Ok; i++)
            status = FileIds.IsFile(ids[i]) ? Files.Loader.LoadReferenced(Tracker, ids[i]) : RestoreStatus.Ok;
        return status;
    }

    private RestoreStatus LinkOne(ulong id, ObjectKind kind, byte[] payload)
        => Codecs[kind].Link(Tracker, Tracker.Find(new ObjectId(id)), payload);

    private RestoreStatus FinishOne(ulong id, ObjectKind kind, byte[] payload)
        => Codecs[kind].Finish(Tracker, Tracker.Find(new ObjectId(id)));

    private void ApplyPages(Image image, FrozenEpoch* epoch)
    {
        for (ChangeSet* set = epoch->First; set != null; set = set->Next)
            if (set->IsClone)
                image.Pages[set->Id.Value] = new Dictionary<ulong, byte[]>(image.Pages.GetValueOrDefault(set->CloneSource.Value) ?? []);
        for (ChangeSet* set = epoch->First; set != null; set = set->Next)
            ApplyPages(image, set);
    }

    private void ApplyPages(Image image, ChangeSet* set)
    {
        if (!image.Pages.TryGetValue(set->Id.Value, out Dictionary<ulong, byte[]>? pages))
            image.Pages[set->Id.Value] = pages = [];
        if (set->IsTruncated)
            foreach (ulong page in new List<ulong>(pages.Keys))
                if (page >= set->TruncateFrom)
                    pages.Remove(page);
        var cursor = new FrozenPageCursor(set);
        while (cursor.MoveNext())
        {
            if (cursor.Current->IsHole)
                pages.Remove(cursor.Current->Page);
            else
                pages[cursor.Current->Page] = new ReadOnlySpan<byte>(Frames.AddressOf(cursor.Current->Frame), 4096).ToArray();
        }
    }
}
