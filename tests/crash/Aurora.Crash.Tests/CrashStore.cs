using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Store;
using Aurora.Store.Tests;
using Aurora.Testing;

namespace Aurora.Crash.Tests;

/// <summary>What the suite found wrong with a recovered store.</summary>
public sealed class CrashFindingException(string what) : Exception(what);

/// <summary>Opens stores on images and compares them with models; every disagreement is a CrashFindingException.</summary>
public static unsafe class CrashStore
{
    public const ulong Blocks = 1500;
    public const uint LogBlocks = 64;
    private const ulong Stride = 0x9E3779B97F4A7C15;

    public static readonly HostPageAllocator Pages = new();
    public static readonly HostFibers Fibers = new();

    internal static OpenOptions Options(SeededFaults seeded, ulong cutInterval = 60_000_000) => new()
    {
        CachedNodes = 64,
        CachedSpacePages = 32,
        OverlayBytes = 512 << 10,
        OrderedCommitBytes = 12 * 4096,
        FewestApart = 8,
        ElementsPerLook = 4,
        EntriesPerLook = 4,
        CutIntervalNanoseconds = cutInterval,

        // Retention would ask for frequent cuts; histories with rare ones do without.
        Retention = new RetentionOptions { IsOff = cutInterval > 1_000_000_000, FineSpacing = 70_000_000, FineSpan = 300_000_000, CoarseSpacing = 200_000_000, CoarseSpan = 900_000_000 },
        Seeded = seeded,
        MostRootReferences = 4,
    };

    public static void Format(BlockDevice device)
    {
        var options = new FormatOptions { UuidLow = 11, UuidHigh = 12, LogBlocks = LogBlocks };
        Require(ObjectStore.Format(device, Pages, Fibers, options) == StoreStatus.Ok, "format failed");
    }

    internal static ObjectStore Open(BlockDevice device, SeededFaults seeded, ulong cutInterval = 60_000_000, bool isReadOnly = false)
    {
        OpenOptions options = Options(seeded, cutInterval);
        options.ReadOnly = isReadOnly;
        StoreStatus status = ObjectStore.Open(device, Pages, Fibers, options, out ObjectStore? store, out StoreFault fault);
        Require(store != null, $"open refused: {status} {fault.Place} block {fault.Block.Value} page {fault.Page} found {fault.Found:x}");
        return store!;
    }

    public static void Fill(ulong* data, ulong value)
    {
        for (int i = 0; i < 512; i++)
            data[i] = value + ((ulong)i * Stride);
    }

    /// <summary>There are exactly these volumes, and their present states are the models'.</summary>
    public static void Compare(ObjectStore store, CrashWorld world)
    {
        VolumeId at = default;
        foreach ((ulong number, StoreModel model) in world.Volumes)
        {
            var volume = new VolumeId(number);

            // The first volume is always there.
            StoreStatus status = store.NextVolume(at, out VolumeInfo info);
            Require(status == StoreStatus.Ok && info.Id == volume, $"volume {info.Id.Value} instead of {number}: {status}");
            at = volume;
            Compare(store, volume, model);
        }
        Require(store.NextVolume(at, out VolumeInfo more) == StoreStatus.NotFound, $"volume {more.Id.Value} never was, or is dropped");
    }

    private static void Compare(ObjectStore store, VolumeId volume, StoreModel model)
    {
        ulong* page = (ulong*)Pages.Allocate(1);
        try
        {
            foreach (var expected in model.Pages)
            {
                StoreStatus status = store.ReadPage(volume, new ObjectId(expected.Key.Object), expected.Key.Page, page);
                Require(status == StoreStatus.Ok && IsFilled(page, expected.Value), $"page {expected.Key}: {status}, {page[0]} instead of {expected.Value}");
            }
            for (ulong id = 1; id <= 5; id++)
            {
                for (ulong at = 0; at < 100; at += 3)
                {
                    bool isWrong = !model.Pages.ContainsKey((id, at))
                        && store.ReadPage(volume, new ObjectId(id), at, page) != StoreStatus.Hole;
                    Require(!isWrong, $"page {(id, at)} should be a hole");
                }
            }
        }
        finally
        {
            Pages.Free(page, 1);
        }
        CompareRecords(store, volume, model);
    }

    /// <summary>Every checkpoint offered, recent or kept, is the model's state after its commit.</summary>
    public static void CompareHistory(ObjectStore store, Dictionary<ulong, CrashWorld> models)
    {
        foreach (ulong volume in models[store.LastSequence].Volumes.Keys)
            CompareHistory(store, new VolumeId(volume), models);
    }

    private static void CompareHistory(ObjectStore store, VolumeId volume, Dictionary<ulong, CrashWorld> models)
    {
        ulong* page = (ulong*)Pages.Allocate(1);
        try
        {
            ulong sequence = 0;
            while (store.NextCheckpoint(volume, sequence, out CheckpointInfo info) == StoreStatus.Ok)
            {
                sequence = info.Sequence;
                if (!models.TryGetValue(sequence, out CrashWorld? world) || !world.Has(volume))
                    continue;
                StoreStatus status = store.OpenView(volume, sequence, out StoreView? view);
                Require(view != null, $"checkpoint {sequence}: {status} {store.LastFault.Place} block {store.LastFault.Block.Value}");
                Compare(view!, world[volume], page);
                view!.Close();
            }
        }
        finally
        {
            Pages.Free(page, 1);
        }
    }

    /// <summary>A view shows exactly the model's pages.</summary>
    public static void Compare(StoreView view, StoreModel model)
    {
        ulong* page = (ulong*)Pages.Allocate(1);
        try
        {
            Compare(view, model, page);
        }
        finally
        {
            Pages.Free(page, 1);
        }
    }

    private static void Compare(StoreView view, StoreModel model, ulong* page)
    {
        foreach (var expected in model.Pages)
        {
            StoreStatus status = view.ReadPage(new ObjectId(expected.Key.Object), expected.Key.Page, page);
            bool isRight = status == StoreStatus.Ok && IsFilled(page, expected.Value);
            Require(isRight, $"checkpoint {view.Sequence}, page {expected.Key}: {status}, {page[0]} instead of {expected.Value}");
        }
    }

    /// <summary>A full check finds nothing.</summary>
    internal static CheckReport CheckClean(BlockDevice device, SeededFaults seeded)
    {
        var faults = new List<string>();
        var handle = System.Runtime.InteropServices.GCHandle.Alloc(faults);
        var options = new CheckOptions
        {
            VerifyData = true,
            Open = Options(seeded),
            OnFault = &AddFault,
            Context = (void*)System.Runtime.InteropServices.GCHandle.ToIntPtr(handle),
        };
        ObjectStore.Check(device, Pages, Fibers, options, out CheckReport report);
        handle.Free();
        Require(faults.Count == 0, "check: " + string.Join("; ", faults));
        return report;
    }

    public static void Require(bool condition, string what)
    {
        if (!condition)
            throw new CrashFindingException(what);
    }

    private static void CompareRecords(ObjectStore store, VolumeId volume, StoreModel model)
    {
        byte[] buffer = new byte[ObjectStore.MaxRecordBytes];
        int found = 0;
        ObjectId at = default;
        while (store.NextRecord(volume, ref at, buffer, out int length) == StoreStatus.Ok)
        {
            found++;
            bool isRight = model.Records.TryGetValue(at.Value, out ulong value)
                && StoreModel.RecordText(value) == Encoding.UTF8.GetString(buffer, 0, length);
            Require(isRight, $"record of object {at.Value} is wrong");
        }
        Require(found == model.Records.Count, $"{found} records instead of {model.Records.Count}");
    }

    private static bool IsFilled(ulong* data, ulong value)
    {
        for (int i = 0; i < 512; i++)
        {
            if (data[i] != value + ((ulong)i * Stride))
                return false;
        }
        return true;
    }

    private static void AddFault(StoreFault* fault, void* context)
    {
        var faults = (List<string>)System.Runtime.InteropServices.GCHandle.FromIntPtr((nint)context).Target!;
        if (faults.Count < 5)
            faults.Add($"{fault->Status} {fault->Place} object {fault->Object.Value} page {fault->Page} block {fault->Block.Value} found {fault->Found:x}");
    }
}
