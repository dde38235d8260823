// Restores a state of an image as a boot would: the same codecs over the same services, on the host's memory. Nothing is written and no thread
// runs. Where the kernel would panic, the state is as lost as where it refuses.
using System;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>Tells whether a machine could continue from a state.</summary>
internal static class RestoreCheck
{
    /// <summary>What keeps the present state from being restored; null when nothing does.</summary>
    public static ImageUnrestorable? OfPresent(string image)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        ImageCheckpoint? newest = NewestOf(store);
        return Run(store, 0, newest?.Epoch ?? 0, newest?.Name ?? "");
    }

    // What the state is called is the lesser thing: it may be whole where the history is damaged.
    private static ImageCheckpoint? NewestOf(ImageStore store)
    {
        try
        {
            return ImageHistory.Newest(store);
        }
        catch (ImageException)
        {
            return GroupState.TryRead(store.Store, out GroupRecord group, out _)
                ? new ImageCheckpoint(store.Store.LastSequence, group.Epoch, default, 0, "", false, false, false)
                : null;
        }
    }

    /// <summary>The same of a checkpoint.</summary>
    public static ImageUnrestorable? Of(string image, ImageCheckpoint checkpoint)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        StoreStatus status = store.Store.ShowCheckpoint(VolumeId.First, checkpoint.Sequence);
        return status == StoreStatus.Ok
            ? Run(store, checkpoint.Sequence, checkpoint.Epoch, checkpoint.Name)
            : new ImageUnrestorable(checkpoint.Sequence, checkpoint.Epoch, checkpoint.Name, "", 0, 0, store.Explain(status));
    }

    private static ImageUnrestorable? Run(ImageStore image, ulong sequence, ulong epoch, string name)
    {
        RestoreResult result;
        try
        {
            result = Restore(image);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return new ImageUnrestorable(sequence, epoch, name, "", 0, 0, $"the kernel would panic: {failure.Message}");
        }
        if (result.IsOk)
            return null;
        if (result.Store != StoreStatus.Ok)
            return new ImageUnrestorable(sequence, epoch, name, "", 0, 0, image.Explain(result.Store));
        RestoreFault fault = result.Fault;
        return new ImageUnrestorable(
            sequence, epoch, name, Encoding.UTF8.GetString(ObjectKindName.Of(fault.Kind)), (int)fault.Kind, fault.Id.Value,
            Encoding.UTF8.GetString(RestoreMessages.Of(fault.Status)));
    }

    private static RestoreResult Restore(ImageStore image)
    {
        GroupState.TryRead(image.Store, out GroupRecord record, out _);
        var group = new GroupSession(image.Machine.Describe(), image.Store);
        _ = new GroupProcesses(group, image.Machine.Pages, new HostExtendedState(record.Machine.Xcr0), new NoMachine(), waits: null);
        return group.Restore(skipUnknownKinds: false, endUnreferenced: true);
    }
}
