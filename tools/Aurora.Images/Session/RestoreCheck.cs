// Restores a state of an image as a boot would. Where the kernel would panic, the state is as lost as where it refuses.
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
        ImageCheckpoint newest = NewestOf(store) ?? new ImageCheckpoint(0, 0, default, 0, "", false, false, false);
        return StoredGroup.TryRestore(store, VolumeId.First, ImageGroups.Host, newest with { Sequence = 0 }, out _);
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
            return GroupState.TryRead(store.Store, VolumeId.First, out GroupRecord group, out _)
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
            ? StoredGroup.TryRestore(store, VolumeId.First, ImageGroups.Host, checkpoint, out _)
            : new ImageUnrestorable(checkpoint.Sequence, checkpoint.Epoch, checkpoint.Name, "", 0, 0, store.Explain(status));
    }
}
