using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Aurora.Host;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>Runs the store's own check on an image, restores its states as a boot would, and reads all its names.</summary>
internal static unsafe class ImageCheck
{
    private const int MostFaultsKept = 1000;

    /// <summary>With <paramref name="history"/> every checkpoint is restored, without only the present state.</summary>
    public static ImageReport Run(string image, bool verifyData, bool history)
    {
        ImageReport report = CheckStore(image, verifyData);
        List<ImageUnrestorable> lost = Unrestorable(image, history, isWhole: report.Faults.Count == 0, out bool isRestorable);
        IReadOnlyList<string> names = isRestorable && report.Faults.Count == 0 ? NameCheck.OfPresent(image) : [];
        return report with { Faults = [.. report.Faults, .. lost.Select(state => state.Text), .. names], Unrestorable = lost,
            IsRestorable = isRestorable };
    }

    private static List<ImageUnrestorable> Unrestorable(string image, bool history, bool isWhole, out bool isRestorable)
    {
        // What keeps the store or its history from being read has been reported.
        List<ImageUnrestorable?> all = [];
        isRestorable = false;
        try
        {
            all.Add(RestoreCheck.OfPresent(image));
            isRestorable = all[0] == null;
            if (history)
                all.AddRange(DiskImage.History(image).Select(checkpoint => RestoreCheck.Of(image, checkpoint)));
        }
        catch (ImageException) when (!isWhole)
        {
        }
        return [.. all.OfType<ImageUnrestorable>()];
    }

    private static ImageReport CheckStore(string image, bool verifyData)
    {
        HostMachine.Install();
        using FileBlockDevice device = ImageStore.OpenDevice(image, readOnly: true);
        List<StoreFault> found = [];
        GCHandle handle = GCHandle.Alloc(found);
        try
        {
            var options = new CheckOptions { VerifyData = verifyData, OnFault = &Note, Context = (void*)GCHandle.ToIntPtr(handle) };
            using var pages = new HostPages();
            StoreStatus status = ObjectStore.Check(device, pages, new SynchronousFibers(), in options, out CheckReport report);
            if (status != StoreStatus.Ok && found.Count == 0)
                found.Add(new StoreFault { Status = status });
            List<string> faults = [.. found.Select(fault => StoreText.Of(in fault))];
            if (report.Faults > (ulong)faults.Count)
                faults.Add($"and {report.Faults - (ulong)faults.Count} more");
            List<ImageFault> details = [.. found.Select(Describe)];
            ulong data = report.DataBlocks + report.LogPages;
            return new ImageReport(faults, details, [], false, report.Objects, report.Checkpoints, report.TreeNodes, data,
                report.FreeBlocks, report.LastSequence, report.WholeSuperblocks);
        }
        finally
        {
            handle.Free();
        }
    }

    // SAFETY: the context is the handle of the list, alive for the whole check.
    private static void Note(StoreFault* fault, void* context)
    {
        var faults = (List<StoreFault>)GCHandle.FromIntPtr((nint)context).Target!;
        if (faults.Count < MostFaultsKept)
            faults.Add(*fault);
    }

    private static ImageFault Describe(StoreFault fault)
        => new(fault.Status.ToString(), fault.Place.ToString(), fault.Object.Value, fault.Page, fault.Block.Value, fault.Found);
}
