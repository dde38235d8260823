// What the host tools do with disk images, in terms of paths and streams. Each call opens the image, works, commits if it changed
// anything, and closes it; the image is locked meanwhile.
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Aurora.Images.Dump;
using Aurora.Images.Root;
using Aurora.Images.Session;
using Aurora.Store;

namespace Aurora.Images;

/// <summary>Makes, reads and changes disk images.</summary>
public static class DiskImage
{
    /// <summary>The size of a new image unless one is chosen. The file is sparse: it takes what is written.</summary>
    public const long DefaultBytes = 4L << 30;

    public const long MinimumBytes = 16L << 20;

    /// <summary>
    /// Makes an image that holds these files. The image appears under its name only when it is complete (<see cref="NewFile"/>). Returns
    /// how many of what kind were left out.
    /// </summary>
    public static IReadOnlyDictionary<string, int> Create(string path, long bytes, IEnumerable<RootEntry> entries)
    {
        IReadOnlyDictionary<string, int> leftOut = new Dictionary<string, int>();
        if (File.Exists(path) || !NewFile.MakeAsync(path, Write).GetAwaiter().GetResult())
            throw new ImageException($"{path} exists already");
        return leftOut;

        Task Write(string partial)
        {
            leftOut = DiskImage.Write(partial, bytes, entries);
            return Task.CompletedTask;
        }
    }

    /// <summary>Writes such an image to a file that nobody takes for one yet.</summary>
    public static IReadOnlyDictionary<string, int> Write(string path, long bytes, IEnumerable<RootEntry> entries)
    {
        if (bytes < MinimumBytes)
            throw new ImageException($"an image needs at least {MinimumBytes >> 20} MiB");
        using ImageStore store = ImageStore.Format(path, bytes);
        ImageSession session = ImageSession.Create(store);
        IReadOnlyDictionary<string, int> leftOut = new TreeWriter(session).WriteAll(entries);
        session.AddStandardFiles();
        session.Commit();
        return leftOut;
    }

    /// <summary>
    /// The entries at a path of a group's files (the machine's own for null), as of a checkpoint when one is given (its epoch or name): a
    /// directory's contents (all below it when <paramref name="recursive"/>), or the one file.
    /// </summary>
    public static IReadOnlyList<ImageEntry> List(
        string image, string path, bool recursive, string? checkpoint = null, string? group = null)
    {
        using ImageStore store = OpenFiles(image, checkpoint, group, out ImageSession session);
        return new TreeReader(session).List(path, recursive);
    }

    /// <summary>Copies a file of a group, as of a checkpoint when one is given, to a stream.</summary>
    public static void Cat(string image, string path, Stream destination, string? checkpoint = null, string? group = null)
    {
        using ImageStore store = OpenFiles(image, checkpoint, group, out ImageSession session);
        new TreeReader(session).Copy(path, destination);
    }

    /// <summary>A text file of an image; null when there is none at this path.</summary>
    public static string? TryReadText(string image, string path)
    {
        using ImageStore store = ImageStore.OpenAt(image, null);
        return new TreeReader(ImageSession.Open(store)).TryReadText(path);
    }

    /// <summary>Copies a file or a tree of a group, as of a checkpoint when one is given, into a folder of the host; returns the number of
    /// files.</summary>
    public static int Extract(string image, string path, string folder, string? checkpoint = null, string? group = null)
    {
        using ImageStore store = OpenFiles(image, checkpoint, group, out ImageSession session);
        return new TreeReader(session).Extract(path, folder);
    }

    private static ImageStore OpenFiles(string image, string? checkpoint, string? group, out ImageSession session)
    {
        ImageStore store = group == null ? ImageStore.OpenAt(image, checkpoint) : ImageStore.Open(image, readOnly: true);
        try
        {
            session = group == null ? ImageSession.Open(store) : ImageSession.Of(StoredGroup.Open(store, group, checkpoint));
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Copies host files into the image, replacing files of the same name. Refused while the image holds a live session. Returns
    /// how many of what kind were left out. Folders of <paramref name="parents"/> that are missing are made first.</summary>
    public static IReadOnlyDictionary<string, int> Put(string image, IEnumerable<RootEntry> entries, params IReadOnlyList<string> parents)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        if (LiveSession.ProcessesIn(store) is > 0 and int processes)
            throw new ImageException($"{image} holds a live session of {processes} processes, whose files must not change under it: let it end first");
        ImageSession session = ImageSession.Open(store);
        foreach (string parent in parents)
            ImageSession.Check(session.Tree.MakeDirectories(ImageSession.Bytes(parent)), parent);
        IReadOnlyDictionary<string, int> leftOut = new TreeWriter(session).WriteAll(entries);
        session.Commit();
        return leftOut;
    }

    /// <summary>The volumes of an image, in the order of their numbers.</summary>
    public static IReadOnlyList<ImageVolume> Volumes(string image)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        return ImageVolumes.Read(store);
    }

    /// <summary>Makes a volume with the state that another one has, or had at a checkpoint, by epoch or name.</summary>
    public static ImageVolume Fork(string image, string volume, string name, string? checkpoint)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        return ImageVolumes.Fork(store, volume, name, checkpoint);
    }

    /// <summary>Ends a volume; what only it held becomes free.</summary>
    public static void RemoveVolume(string image, string volume)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        ImageVolumes.Remove(store, volume);
    }

    /// <summary>Writes a volume, or what differs from a checkpoint of it, to a stream; returns the epoch that was sent.</summary>
    public static ulong Send(string image, string volume, string? checkpoint, string? since, Stream output)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        return ImageVolumes.Send(store, volume, checkpoint, since, output);
    }

    /// <summary>Makes a new volume of a stream.</summary>
    public static ImageVolume Receive(string image, string name, Stream input)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        return ImageVolumes.Receive(store, name, input);
    }

    /// <summary>Brings an image of the format from before volumes up to date.</summary>
    public static void Upgrade(string image) => ImageStore.Upgrade(image);

    /// <summary>
    /// Checks everything the format promises, with <paramref name="verifyData"/> every page of data, and that a machine could continue from
    /// the present state, with <paramref name="history"/> from every checkpoint. Nothing is written.
    /// </summary>
    public static ImageReport Check(string image, bool verifyData = true, bool history = false) => ImageCheck.Run(image, verifyData, history);

    /// <summary>The checkpoints of a group (the machine's own for null) that can still be read, oldest first.</summary>
    public static IReadOnlyList<ImageCheckpoint> History(string image, string? group = null)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        return ImageHistory.Read(store, VolumeOf(store, group));
    }

    /// <summary>What is damaged in the history of a group, so that checkpoints may be missing from it; null when nothing is.</summary>
    public static string? HistoryDamage(string image, string? group = null)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        return ImageHistory.DamageOf(store, VolumeOf(store, group));
    }

    /// <summary>Drops a kept checkpoint of a group, named by its epoch or its name.</summary>
    public static void DropCheckpoint(string image, string checkpoint, string? group = null)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        ImageHistory.Drop(store, VolumeOf(store, group), checkpoint);
    }

    private static VolumeId VolumeOf(ImageStore store, string? group)
        => group == null ? VolumeId.First : new VolumeId(ImageGroups.Find(store, group).Number);

    /// <summary>
    /// Makes the image continue from an earlier checkpoint, given by name or by the number of its epoch, and returns it. What came later
    /// stays in the history as a branch.
    /// </summary>
    public static ImageCheckpoint GoBack(string image, string target)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        return ImageHistory.GoBack(store, target);
    }

    /// <summary>When the present state cannot be restored: why, and the newest checkpoint that can, found by restoring it. Null when it
    /// can.</summary>
    public static ImageWayBack? FindWayBack(string image)
    {
        if (RestoreCheck.OfPresent(image) is not { } lost)
            return null;
        // Those on the way to the present state first: what a rollback has left behind is another story.
        IEnumerable<ImageCheckpoint> candidates = History(image).Reverse().OrderBy(checkpoint => checkpoint.IsLeft);
        return new ImageWayBack(lost, candidates.FirstOrDefault(checkpoint => RestoreCheck.Of(image, checkpoint) == null));
    }

    /// <summary>Goes that way. The state that is left is kept by name, so that it can be looked into until somebody drops it.</summary>
    public static ImageCheckpoint GoBack(string image, ImageWayBack way)
    {
        ImageCheckpoint target = way.Target ?? throw new ImageException($"{image} has no checkpoint that can be restored");
        using ImageStore store = ImageStore.Open(image, readOnly: false);
        ImageHistory.KeepPresent(store, string.Create(CultureInfo.InvariantCulture, $"unrestorable-{way.Lost.Epoch}"));
        return ImageHistory.GoBack(store, target);
    }

    /// <summary>
    /// The processes of a consistency group, by name or number (the machine's own for null), as of a checkpoint of it, by epoch or name
    /// (the
    /// newest for null).
    /// </summary>
    public static IReadOnlyList<ImageProcess> Processes(string image, string? group = null, string? checkpoint = null)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        return GroupProcessList.Read(StoredGroup.Open(store, group, checkpoint));
    }

    /// <summary>Writes a process of such a group as an ELF core file, which must not exist yet. The image is only read.</summary>
    public static ImageCore Dump(string image, int process, string file, string? group = null, string? checkpoint = null)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        return new CoreFile(StoredGroup.Open(store, group, checkpoint), process).Write(file);
    }

    /// <summary>The number of processes in the session the image holds; zero when none lives.</summary>
    public static int LiveProcesses(string image)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        return LiveSession.ProcessesIn(store);
    }
}
