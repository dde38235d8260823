// All there is of a group at one moment, in memory of the test's own: its objects, what its programs read in their memory, and what is in
// its files. Page contents are kept as digests.
using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;

namespace Aurora.States.Tests;

/// <summary>A group as it was.</summary>
internal sealed unsafe class GroupPicture
{
    private readonly Dictionary<ulong, (ObjectKind Kind, byte[] Bytes)> _objects = [];
    private readonly Dictionary<(ulong Owner, ulong Page), UInt128> _pages = [];
    private readonly (ulong NextId, int LastProcess, int Processes) _numbers;

    private GroupPicture(GroupView view, Func<nint, byte[]?>? recordOf)
    {
        var picture = new ObjectPicture();
        foreach (nint each in view.Objects())
        {
            var header = (ObjectHeader*)each;
            if (ObjectFields.Has(header->Kind))
            {
                picture.Draw(header, isSettled: false);
                _objects[header->Id.Value] = (header->Kind, picture.Bytes.ToArray());
            }
            else if (recordOf?.Invoke(each) is { } record)
            {
                _objects[header->Id.Value] = (header->Kind, record);
            }
            if (header->Kind == ObjectKind.Inode)
                AddFile(view, (Inode*)header);
        }
        PidNamespace processes = view.Processes;
        for (Process* process = processes.NextProcess(1); process != null; process = processes.NextProcess(process->Id + 1))
            AddMemory(view, process->AddressSpace);
        _numbers = (view.Tracker.NextId.Value, processes.Ids.Last, processes.ProcessCount);
    }

    /// <summary>How many objects and pages there are.</summary>
    public (int Objects, int Pages) Size => (_objects.Count, _pages.Count);

    /// <summary>
    /// Takes a picture. <paramref name="recordOf"/> describes objects that are no structures of the kernel above; null for those that
    /// do not count.
    /// </summary>
    public static GroupPicture Of(GroupView view, Func<nint, byte[]?>? recordOf = null) => new(view, recordOf);

    /// <summary>What is different in another picture; null for nothing.</summary>
    public string? DifferenceTo(GroupPicture other)
    {
        foreach ((ulong id, (ObjectKind kind, byte[] bytes)) in _objects)
        {
            if (!other._objects.TryGetValue(id, out (ObjectKind Kind, byte[] Bytes) its))
                return $"{kind} {id} is missing";
            if (its.Kind != kind)
                return $"{kind} {id} is a {its.Kind}";
            if (!bytes.AsSpan().SequenceEqual(its.Bytes))
                return $"{kind} {id}: " + (ObjectFields.Has(kind)
                    ? ObjectPicture.NameDifference(kind, bytes, its.Bytes)
                    : $"{Convert.ToHexString(bytes)} became {Convert.ToHexString(its.Bytes)}");
        }
        foreach ((ulong id, (ObjectKind kind, byte[] _)) in other._objects)
            if (!_objects.ContainsKey(id))
                return $"{kind} {id} is new";
        foreach (((ulong owner, ulong page), UInt128 digest) in _pages)
            if (!other._pages.TryGetValue((owner, page), out UInt128 its) || its != digest)
                return $"page 0x{page:x} of object {owner} has other contents";
        return _pages.Count != other._pages.Count ? "there are other pages"
            : _numbers != other._numbers
                ? $"the next object, last process and number of processes were {_numbers}, and are {other._numbers}"
            : null;
    }

    private void AddFile(GroupView view, Inode* inode)
    {
        if (inode->Data == null)
            return;
        for (ulong page = 0; page < PageSize.PagesFor(inode->Size); page++)
            _pages[(inode->Header.Id.Value, page)] = DigestOf(view.Page(inode->Data, page));
    }

    private void AddMemory(GroupView view, AddressSpace* space)
    {
        if (space == null)
            return;
        Span<byte> bytes = stackalloc byte[PageSize.Bytes];
        // What is in a region is no group's, and where its clock is in the machine's another one after a restore.
        for (int i = 0; MappingTable.At(space, i) is var map && map != null; i++)
        {
            bool isOurs = map->Object->Region == null && !ClockObjects.IsData(map);
            for (ulong page = map->Start.Value; page < map->End.Value && isOurs; page += PageSize.Bytes)
                _pages[(space->Header.Id.Value, page)] = view.Read(space, page, bytes) == MemoryStatus.Ok ? DigestOf(bytes) : 0;
        }
    }

    private static UInt128 DigestOf(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.ContainsAnyExcept((byte)0))
            return 1;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, digest);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
