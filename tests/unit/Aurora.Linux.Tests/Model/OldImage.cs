using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Files;

namespace Aurora.Linux.Tests;

/// <summary>
/// An image as kernels wrote it before files had ids that say what they are about: all ids in turn, counts that follow from the names, and
/// every record read at a restore.
/// </summary>
internal static class OldImage
{
    /// <summary>Which versions its records have.</summary>
    public static byte? VersionOf(ObjectKind kind) => kind switch
    {
        ObjectKind.Inode => 3,
        ObjectKind.DirectoryEntry => 1,
        _ => null,
    };

    public static TestKernel.Image Of(TestKernel.Image image)
    {
        var old = new TestKernel.Image { Monotonic = image.Monotonic, Realtime = image.Realtime, LastProcessId = image.LastProcessId };
        var ids = new Dictionary<ulong, ulong>();
        ulong next = image.NextId.Value;
        foreach (ulong id in image.Records.Keys.Where(id => FileIds.IsOnDemand(new ObjectId(id))))
            ids[id] = next++;
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records)
        {
            if (kind == ObjectKind.FileTree)
                continue;
            byte[] changed = kind switch
            {
                ObjectKind.Inode => [.. payload[..InodeRecord.BytesOfVersion3], .. payload[InodeRecord.Bytes..]],
                ObjectKind.DirectoryEntry => NameOf(id, payload),
                _ => [.. payload],
            };
            Replace(ids, changed);
            old.Records[ids.GetValueOrDefault(id, id)] = (kind, changed);
        }
        foreach ((ulong id, uint user) in image.Users)
            old.Users[ids.GetValueOrDefault(id, id)] = user;
        foreach ((ulong id, Dictionary<ulong, byte[]> pages) in image.Pages)
            old.Pages[ids.GetValueOrDefault(id, id)] = new Dictionary<ulong, byte[]>(pages);
        old.NextId = new ObjectId(next);
        return old;
    }

    private static byte[] NameOf(ulong id, byte[] payload)
    {
        DirectoryEntryRecord entry = MemoryMarshal.Read<DirectoryEntryRecord>(payload);
        var name = new NameRecord
        {
            Directory = FileIds.OfFile(FileIds.DirectoryOf(new ObjectId(id)), FilePart.Inode),
            Target = entry.Target,
        };
        byte[] old = [.. payload];
        MemoryMarshal.Write(old, in name);
        return old;
    }

    // Ids of files are such large numbers that nothing else is taken for one.
    private static void Replace(Dictionary<ulong, ulong> ids, byte[] payload)
    {
        for (int offset = 0; offset + sizeof(ulong) <= payload.Length; offset += sizeof(ulong))
        {
            if (ids.TryGetValue(BitConverter.ToUInt64(payload, offset), out ulong id))
                BitConverter.TryWriteBytes(payload.AsSpan(offset), id);
        }
    }
}
