// Reads everything an image has of files and names, as a kernel would bit by bit: every name must lead to a file that says so, every file
// and every name must be where something leads to it, and counts must be true. A kernel that meets such a fault says so and goes on without
// the name.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>Checks the directory tree of an image's present state.</summary>
internal sealed unsafe class NameCheck
{
    private const int MostFaults = 1000;

    private readonly StoredGroup _group;
    private readonly TreeBuilder _tree;
    private readonly Inode* _root;
    private readonly List<string> _faults = [];

    private NameCheck(StoredGroup group)
    {
        _group = group;
        _root = group.Session.Files.RootOf(group.Tracker);
        _tree = new TreeBuilder(group.Session.Files, group.Session.Files.NamespaceOf(&_root->Header));
    }

    /// <summary>What is wrong in the present states of all groups; nothing of those that cannot be restored, which others report.</summary>
    public static IReadOnlyList<string> OfPresent(string image)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        return [.. ImageVolumes.Read(store).Where(volume => volume.IsGroup && !volume.IsPartial).SelectMany(volume => Of(image, volume))];
    }

    // A store is restored from once.
    private static List<string> Of(string image, ImageVolume volume)
    {
        using ImageStore store = ImageStore.Open(image, readOnly: true);
        var present = new ImageCheckpoint(0, 0, default, 0, "", IsKept: false, IsAutomatic: false, IsLeft: false);
        string name = ImageGroups.NameOf(volume);
        var id = new VolumeId(volume.Number);
        if (StoredGroup.TryRestore(store, id, name, present, out StoredGroup? group) != null)
            return [];
        var check = new NameCheck(group!);
        check.Walk();
        if (check._faults.Count == 0)
            check.FindLost(store.Store, id);
        if (check._faults.Count == 0 && group!.Session.Files.Contradictions != 0)
            check._faults.Add("/: the names of a directory are not as many as it says");
        return id == VolumeId.First ? check._faults : [.. check._faults.Select(fault => $"group {name}: {fault}")];
    }

    private void Walk()
    {
        var directories = new Stack<(nint Directory, string Path)>();
        directories.Push(((nint)_root, ""));
        while (directories.TryPop(out (nint Directory, string Path) next) && _faults.Count < MostFaults)
            Walk((Inode*)next.Directory, next.Path, directories);
    }

    private void Walk(Inode* directory, string path, Stack<(nint Directory, string Path)> directories)
    {
        uint subdirectories = 0;
        for (ulong position = 0; !directory->IsProc && _faults.Count < MostFaults;)
        {
            Errno error = _tree.Next(directory, position, out DirectoryEntry* entry);
            if (error != Errno.Ok)
                _faults.Add($"{path}/: its names cannot be read: {ErrnoText.Of(error)}");
            if (entry == null)
                break;
            position = entry->Position;
            string name = $"{path}/{Encoding.UTF8.GetString(DirectoryEntry.NameOf(entry))}";
            error = _tree.Follow(entry);
            if (error != Errno.Ok)
                _faults.Add($"{name}: leads to no file: {ErrnoText.Of(error)}");
            else if (entry->Target->IsDirectory)
                directories.Push(((nint)entry->Target, name));
            subdirectories += entry->TargetType == InodeMode.DirectoryType(InodeMode.Directory) ? 1U : 0;
        }
        if (_faults.Count == 0 && !directory->IsProc && subdirectories != directory->SubdirectoryCount)
            _faults.Add($"{path}/: has {subdirectories} directories and says {directory->SubdirectoryCount}");
    }

    // All that can be reached is in memory by now.
    private void FindLost(ObjectStore store, VolumeId volume)
    {
        Span<byte> record = new byte[ObjectStore.MaxRecordBytes];
        ObjectId id = new(FileIds.FirstOnDemand - 1);
        while (store.NextRecord(volume, ref id, record, out _) == StoreStatus.Ok && _faults.Count < MostFaults)
        {
            var found = (Inode*)_group.Tracker.Find(id, ObjectKind.Inode);
            if (_group.Tracker.Find(id) == null)
                _faults.Add(FileIds.IsName(id) ? $"a name of directory {FileIds.DirectoryOf(id)} leads nowhere"
                    : $"file {FileIds.NumberOf(id)} is in no directory");
            else if (found != null && !found->IsOrphan && !found->IsRoot && found->HasLostNames)
                _faults.Add($"file {found->Number}: not all of its {found->NameCount} names are there");
        }
    }
}
