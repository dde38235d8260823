// A consistency group of an image, restored as a boot would restore it: the same codecs over the same services, on the host's memory.
// Nothing is written and no thread runs. Pages stay in the store until somebody reads them.
using System;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Posix.Processes;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>The processes, memory and files of a group as of a checkpoint.</summary>
internal sealed class StoredGroup
{
    private readonly GroupProcesses _processes;

    // The first group has its place from the beginning; another one is given one, as when a machine brings it in.
    private StoredGroup(ImageStore image, VolumeId volume)
    {
        GroupState.TryRead(image.Store, volume, out GroupRecord record, out _);
        Image = image;
        HasExtendedImages = record.Machine.Xcr0 != 0;
        Extended = new HostExtendedState(record.Machine.Xcr0);
        Session = new GroupSession(image.Machine.Describe(), image.Store);
        _processes = new GroupProcesses(Session, image.Machine.Pages, Extended, new NoMachine(), waits: null);
        Tracker = volume == VolumeId.First ? Session.Tracker : Begin(volume);
        Pager = new HostPager(Session);
    }

    public ImageStore Image { get; }
    public GroupSession Session { get; }
    public ObjectTracker Tracker { get; }
    public HostPager Pager { get; }
    public PidNamespace Processes => _processes.Table.Of(Tracker);

    /// <summary>The name that users know.</summary>
    public string Name { get; private init; } = "";

    /// <summary>The checkpoint it was restored from, by its epoch.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>Both, for messages.</summary>
    public string Description => $"group {Name} as of epoch {Epoch}";

    /// <summary>The extended registers of its threads are in XSAVE images; otherwise as FXSAVE writes them.</summary>
    public bool HasExtendedImages { get; }

    /// <summary>What they hold.</summary>
    public HostExtendedState Extended { get; }

    /// <summary>
    /// Restores a group, given by name or number (the machine's own for null), as of a checkpoint, by epoch or name (the newest for null).
    /// Throws with what there is instead, or why it cannot be restored.
    /// </summary>
    public static StoredGroup Open(ImageStore image, string? group, string? checkpoint)
    {
        ImageVolume volume = ImageGroups.Find(image, group);
        if (volume.IsRegion)
            throw new ImageException($"volume {volume.Number} ({volume.Name}) is a region: it has no files and no processes");
        var id = new VolumeId(volume.Number);
        string name = ImageGroups.NameOf(volume);
        ImageCheckpoint? state = checkpoint == null ? null : ImageHistory.TryFind(image, id, checkpoint)
            ?? throw new ImageException($"no checkpoint {checkpoint} in the history of group {name} (see aurora history, sls history)");
        StoreStatus status = state == null ? StoreStatus.Ok : image.Store.ShowCheckpoint(id, state.Sequence);
        if (status != StoreStatus.Ok)
            throw new ImageException($"checkpoint {checkpoint} of group {name} cannot be read: {image.Explain(status)}");
        ulong newest = ImageVolumes.NewestEpochOf(image, id).Value;
        state ??= new ImageCheckpoint(0, newest, default, 0, "", IsKept: false, IsAutomatic: false, IsLeft: false);
        ImageUnrestorable? lost = TryRestore(image, id, name, state, out StoredGroup? restored);
        return lost == null ? restored! : throw new ImageException($"group {name}: {lost.Text}");
    }

    /// <summary>What keeps the state that is shown of a volume from being restored; null when nothing does.</summary>
    public static ImageUnrestorable? TryRestore(
        ImageStore image, VolumeId volume, string name, ImageCheckpoint state, out StoredGroup? restored)
    {
        ImageUnrestorable Lost(string reason) => new(state.Sequence, state.Epoch, state.Name, "", 0, 0, reason);
        restored = null;
        RestoreResult result;
        try
        {
            restored = new StoredGroup(image, volume) { Name = name };
            result = restored.Restore(volume);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return Lost($"the kernel would panic: {failure.Message}");
        }
        if (result.IsOk)
            return null;
        if (result.Store != StoreStatus.Ok)
            return Lost(image.Explain(result.Store));
        RestoreFault fault = result.Fault;
        return Lost(Encoding.UTF8.GetString(RestoreMessages.Of(fault.Status))) with
        {
            Kind = Encoding.UTF8.GetString(ObjectKindName.Of(fault.Kind)), KindNumber = (int)fault.Kind, Object = fault.Id.Value,
        };
    }

    private ObjectTracker Begin(VolumeId volume)
    {
        int index = Session.Tracked.FreeIndex();
        ObjectTracker group = Session.Tracked.Add((ushort)index, new ObjectId(1));
        if (!group.Exists)
            throw new ImageException("no memory for a group");
        AttachFiles(group);
        Session.OutputHold.Of(group).BeginLog();
        Session.Engine.Life.Begin(group, volume);
        return group;
    }

    private unsafe void AttachFiles(ObjectTracker group) => Session.Files.Attach(group);

    private unsafe RestoreResult Restore(VolumeId volume)
    {
        RestoreResult result = Session.Restorer.Restore(Tracker, volume, RestoreScope.Whole, endUnreferenced: true);
        if (!result.IsOk)
            return result;
        Epoch = Session.Group.Of(Tracker)->Epoch.Value;
        result.Store = Session.Engine.Life.ContinueFrom(Tracker, Session.Group.Of(Tracker)->Epoch, Continuation.OfStart);
        return result;
    }
}
