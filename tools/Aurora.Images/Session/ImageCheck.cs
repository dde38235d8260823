using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Host;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>Runs the store's own check on an image.</summary>
internal static unsafe class ImageCheck
{
    private const int MostFaultsKept = 1000;

    public static ImageReport Run(string image, bool verifyData)
    {
        HostMachine.Install();
        using FileBlockDevice device = ImageStore.OpenDevice(image, readOnly: true);
        List<string> faults = [];
        GCHandle handle = GCHandle.Alloc(faults);
        try
        {
            var options = new CheckOptions { VerifyData = verifyData, OnFault = &Note, Context = (void*)GCHandle.ToIntPtr(handle) };
            StoreStatus status = ObjectStore.Check(device, new HostPages(), new SynchronousFibers(), in options, out CheckReport report);
            if (status != StoreStatus.Ok && faults.Count == 0)
                faults.Add(StoreText.Of(status));
            if (report.Faults > (ulong)faults.Count)
                faults.Add($"and {report.Faults - (ulong)faults.Count} more");
            return new ImageReport(faults, report.Objects, report.Checkpoints, report.DataBlocks, report.FreeBlocks, report.LastSequence);
        }
        finally
        {
            handle.Free();
        }
    }

    // SAFETY: the context is the handle of the list, alive for the whole check.
    private static void Note(StoreFault* fault, void* context)
    {
        var faults = (List<string>)GCHandle.FromIntPtr((nint)context).Target!;
        if (faults.Count < MostFaultsKept)
            faults.Add(StoreText.Of(in *fault));
    }
}
