using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of a directory tree.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileTreeRecord
{
    public const int Bytes = 48;

    public ulong HashKey0;
    public ulong HashKey1;
    public ulong NextDirectory;
    public ObjectId Root;
    public ObjectId ProcRoot;

    /// <summary>1 when the key has been chosen.</summary>
    public uint HasKey;
    public uint Reserved;
}

/// <summary>Captures what is known of a directory tree and puts it back; a tree with such a record is read on demand.</summary>
public sealed unsafe class FileTreeCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.FileTree;
    public override int LargestPayload => sizeof(FileTreeRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((FileTree*)header));

    public override bool IsSound(ObjectHeader* header)
        => IsValid(Describe((FileTree*)header)) && Files.NamespaceOf(header)->Tree == header;

    private static FileTreeRecord Describe(FileTree* tree)
        => new()
        {
            HashKey0 = tree->HashKey0,
            HashKey1 = tree->HashKey1,
            NextDirectory = tree->NextDirectory,
            Root = tree->Root,
            ProcRoot = tree->ProcRoot,
            HasKey = tree->HasKey ? 1U : 0,
        };

    private static bool IsValid(in FileTreeRecord record)
        => record.HasKey <= 1 && record.Reserved == 0 && record.NextDirectory is > 0 and <= FileIds.DirectoryLimit
            && IsInode(record.Root) && (record.ProcRoot.IsNone || IsInode(record.ProcRoot));

    private static bool IsInode(ObjectId id)
        => FileIds.IsFile(id) && FileIds.PartOf(id) == FilePart.Inode && FileIds.NumberOf(id) < FileIds.DirectoryLimit;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, 0, out FileTreeRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        Namespace* space = Files.State.FindNamespace(tracker);
        if (space == null || space->Tree != null || !IsValid(in record))
            return RestoreStatus.BadRecord;
        FileTree* tree = Files.State.Trees.Allocate();
        if (tree == null)
            return RestoreStatus.OutOfMemory;
        tree->HashKey0 = record.HashKey0;
        tree->HashKey1 = record.HashKey1;
        tree->HasKey = record.HasKey != 0;
        tree->NextDirectory = record.NextDirectory;
        tree->Root = record.Root;
        tree->ProcRoot = record.ProcRoot;
        space->Tree = tree;
        tracker.Adopt(&tree->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        FileTreeRecord record = Reread<FileTreeRecord>(payload);
        ids[0] = record.Root;
        ids[1] = record.ProcRoot;
        return 2;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        FileTree* tree = (FileTree*)header;
        Inode* root = (Inode*)tracker.Find(tree->Root, ObjectKind.Inode);
        Inode* proc = (Inode*)tracker.Find(tree->ProcRoot, ObjectKind.Inode);
        Namespace* space = Files.NamespaceOf(header);
        if (root == null || (proc == null && !tree->ProcRoot.IsNone))
            return RestoreStatus.MissingReference;
        return space->Root == root && space->ProcRoot == proc ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }
}
