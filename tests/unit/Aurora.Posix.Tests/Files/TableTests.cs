using System;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Testing;
using Xunit;

namespace Aurora.Posix.Tests.Files;

/// <summary>Descriptors, locks and the texts of /proc at their boundaries.</summary>
public sealed unsafe class TableTests : IDisposable
{
    private const ulong At = 0x4000_0000;
    private const int LockLimit = 100;

    private readonly FileWorld _world = new(frames: 4096);

    public TableTests() => _world.WriteFile("/f", "x"u8);

    public void Dispose() => _world.Dispose();

    [Theory]
    [MemberData(nameof(Boundaries.Of), DescriptorChunk.Capacity, 63, MemberType = typeof(Boundaries))]
    [InlineData(DescriptorTable.MaxDescriptors)]
    public void Any_number_of_descriptors_is_copied_and_restored(int count)
    {
        OpenFile* file = _world.Open(_world.At("/f"), OpenFlags.ReadOnly);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(Errno.Ok, Install(_world.Table, file, 0, out int descriptor));
            Assert.Equal(i, descriptor);
        }
        Assert.Equal(count == DescriptorTable.MaxDescriptors ? Errno.EMFILE : Errno.Ok, Install(_world.Table, file, 0, out _));
        DescriptorTable* copy = CopyWithoutMemoryAndThenWith(_world.Table);
        AssertSame(_world.Table, copy);
        using FileWorld restored = _world.Reboot();
        AssertSame(_world.Table, (DescriptorTable*)restored.Tracker.Find(copy->Header.Id));
        _world.Files.Descriptors.Release(copy);
    }

    /// <summary>F_DUPFD to a number far above: the only chunk may be the last.</summary>
    [Theory]
    [InlineData(DescriptorChunk.Capacity - 1)]
    [InlineData(DescriptorChunk.Capacity)]
    [InlineData(2 * DescriptorChunk.Capacity)]
    [InlineData(DescriptorTable.MaxDescriptors - 1)]
    public void A_descriptor_far_above_the_others_is_one_operation(int minimum)
    {
        OpenFile* file = _world.Open(_world.At("/f"), OpenFlags.ReadOnly);
        _world.Files.OpenFiles.Hold(file);
        long before = file->Header.References;
        _world.Pages.PageLimit = 0;
        Errno error;
        while ((error = Install(_world.Table, file, minimum, out _)) == Errno.Ok)
            minimum = Math.Max(minimum - DescriptorChunk.Capacity, 0);
        Assert.Equal(Errno.ENOMEM, error);
        _world.Pages.PageLimit = long.MaxValue;
        int open = _world.Table->OpenCount;
        Assert.Equal(Errno.Ok, Install(_world.Table, file, minimum, out int descriptor));
        Assert.Equal(minimum, descriptor);
        Assert.Equal(Errno.Ok, Install(_world.Table, file, 0, out descriptor));
        Assert.Equal(0, descriptor);
        Assert.Equal(Errno.EMFILE, Install(_world.Table, file, DescriptorTable.MaxDescriptors, out _));
        Assert.Equal(before + open + 2, file->Header.References);
    }

    /// <summary>The lock table is full: what needs no new lock still works, so that a program can give its own back.</summary>
    [Fact]
    public void A_full_table_of_locks_refuses_new_ones_and_can_be_emptied()
    {
        var locks = new FileLocks(_world.Files.State, _world.Scheduler, LockLimit);
        Inode* inode = _world.At("/f");
        for (int i = 0; i < LockLimit; i++)
            Assert.Equal(Errno.Ok, Lock(locks, inode, LockRequest.Exclusive, i * 10, (i * 10) + 4));
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(Errno.ENOLCK, Lock(locks, inode, LockRequest.Exclusive, 5000, 5000));
            Assert.Equal(Errno.ENOLCK, Lock(locks, inode, LockRequest.Unlock, 12, 12));
            Assert.Equal(LockLimit, Count(inode));
            Assert.Equal(Errno.Ok, Lock(locks, inode, LockRequest.Exclusive, 20, 24));
            Assert.Equal(Errno.Ok, Lock(locks, inode, LockRequest.Unlock, 1_000_000, 2_000_000));
            Assert.Equal(Errno.Ok, Lock(locks, inode, LockRequest.Unlock, round, round));
            Assert.Equal(LockLimit, Count(inode));
            Assert.Equal(Errno.Ok, Lock(locks, inode, LockRequest.Unlock, 990, 994));
            Assert.Equal(Errno.Ok, Lock(locks, inode, LockRequest.Unlock, 12, 12));
            Assert.Equal(Errno.Ok, Lock(locks, inode, LockRequest.Unlock, 10, 14));
            Assert.Equal(LockLimit - 2, Count(inode));
            Assert.Equal(Errno.Ok, Lock(locks, inode, LockRequest.Exclusive, 10, 14));
            Assert.Equal(Errno.Ok, Lock(locks, inode, LockRequest.Exclusive, 990, 994));
            Assert.Equal(LockLimit, Count(inode));
        }
        Assert.Equal(Errno.Ok, Lock(locks, inode, LockRequest.Unlock, 0, int.MaxValue));
        Assert.Equal(0, Count(inode));
    }

    [Theory]
    [MemberData(nameof(Boundaries.Of), 885, 4, MemberType = typeof(Boundaries))]
    [InlineData(20_000)]
    public void All_mappings_are_shown_however_many_there_are(int count)
    {
        AddressSpace* space = NewSpace();
        for (int i = 0; i < count; i++)
            Map(space, At + ((ulong)i << 13), 1);
        foreach (int piece in new[] { 1_000_000, 4096, 70_000, 777 })
        {
            string[] lines = Encoding.UTF8.GetString(ReadAll("/proc/1/maps", piece)).Split('\n');
            Assert.Equal(count, lines.Length - 1);
            Assert.Equal("", lines[^1]);
            for (int i = 0; i < count; i++)
            {
                ulong from = At + ((ulong)i << 13);
                Assert.StartsWith($"{from:x8}-{from + 4096:x8} rw-p ", lines[i], StringComparison.Ordinal);
            }
        }
        _world.Process->AddressSpace = null;
    }

    [Theory]
    [MemberData(nameof(Boundaries.Of), 65536, 31, MemberType = typeof(Boundaries))]
    [InlineData(262145)]
    public void All_of_the_environment_is_shown_however_long_it_is(int bytes)
    {
        byte[] contents = new byte[bytes];
        new Random(1).NextBytes(contents);
        AddressSpace* space = NewSpace();
        Map(space, At, PageSize.PagesFor((ulong)bytes) + 1);
        Assert.True(_world.User.Write(space, new VirtualAddress(At), contents).IsOk);
        _world.Process->EnvironmentStart = At;
        _world.Process->EnvironmentEnd = At + (ulong)bytes;
        foreach (int piece in new[] { 1_000_000, 4097 })
            Assert.Equal(contents, ReadAll("/proc/1/environ", piece));
        _world.Process->AddressSpace = null;
    }

    [Fact]
    public void The_text_of_proc_goes_on_where_it_was_when_mappings_come_and_go_and_from_any_position()
    {
        AddressSpace* space = NewSpace();
        for (ulong i = 0; i < 3000; i++)
            Map(space, At + (i << 13), 1);
        OpenFile* file = OpenProc("/proc/1/maps");
        byte[] buffer = new byte[10_000];
        Assert.Equal(10_000, _world.Read(file, buffer));
        for (ulong i = 0; i < 3000; i += 2)
            Assert.Equal(MemoryStatus.Ok, _world.Memory.Mappings.Unmap(space, new VirtualAddress(At + (i << 13)), 4096));
        var rest = new StringBuilder();
        for (long count = _world.Read(file, buffer); count > 0; count = _world.Read(file, buffer))
            rest.Append(Encoding.UTF8.GetString(buffer, 0, (int)count));
        string[] lines = rest.ToString().Split('\n');
        Assert.StartsWith($"{At + (2999UL << 13):x8}-", lines[^2], StringComparison.Ordinal);
        for (int i = 2; i < lines.Length - 1; i++)
            Assert.True(string.CompareOrdinal(lines[i - 1], lines[i]) < 0);
        byte[] whole = ReadAll("/proc/1/maps", 4096);
        ulong length = (ulong)whole.Length;
        foreach (ulong position in (ulong[])[100_000, 3, 65_536, length - 1, length, length + 5, 70_000])
        {
            file->Offset = position;
            long expected = Math.Max(0, Math.Min(10, whole.Length - (long)position));
            Assert.Equal(expected, _world.Read(file, buffer.AsSpan(0, 10)));
            Assert.Equal(whole.AsSpan((int)Math.Min(position, (ulong)whole.Length), (int)expected), buffer.AsSpan(0, (int)expected));
        }
        long before = _world.Pages.PagesOutstanding;
        _world.Pages.PageLimit = 0;
        file->Offset = 0;
        Assert.Equal(-(long)Errno.ENOMEM, _world.Read(file, buffer));
        _world.Pages.PageLimit = long.MaxValue;
        Assert.Equal(10_000, _world.Read(file, buffer));
        _world.Files.OpenFiles.Release(file);
        Assert.InRange(_world.Pages.PagesOutstanding, before - 64, before);
        _world.Process->AddressSpace = null;
    }

    private byte[] ReadAll(string path, int piece)
    {
        OpenFile* file = OpenProc(path);
        var all = new System.IO.MemoryStream();
        byte[] buffer = new byte[piece];
        for (long count = _world.Read(file, buffer); count != 0; count = _world.Read(file, buffer))
        {
            Assert.InRange(count, 1, piece);
            all.Write(buffer, 0, (int)count);
        }
        _world.Files.OpenFiles.Release(file);
        return all.ToArray();
    }

    private OpenFile* OpenProc(string path)
    {
        FileCaller caller = _world.Caller;
        Errno error = _world.Files.Walks.Resolve(in caller, _world.Space->Root, FileWorld.Bytes(path), WalkFlags.FollowLast,
            out Inode* inode);
        Assert.Equal(Errno.Ok, error);
        OpenFile* file = _world.Open(inode, OpenFlags.ReadOnly);
        _world.Files.Inodes.Release(inode);
        return file;
    }

    private AddressSpace* NewSpace()
    {
        AddressSpace* space = _world.Memory.Spaces.Create(_world.Tracker, SpaceLimits.Default);
        _world.Process->AddressSpace = space;
        return space;
    }

    private void Map(AddressSpace* space, ulong address, ulong pages)
    {
        var request = new MapRequest
        {
            Address = new VirtualAddress(address), Length = pages * 4096, Protection = Protection.Read | Protection.Write,
            Placement = MapPlacement.Fixed,
        };
        Assert.Equal(MemoryStatus.Ok, _world.Memory.Mappings.Map(space, request, out _));
    }

    private Errno Install(DescriptorTable* table, OpenFile* file, int minimum, out int descriptor)
    {
        Errno error = _world.Files.Descriptors.Install(table, file, minimum, DescriptorTable.MaxDescriptors, false, out descriptor);
        if (error == Errno.Ok)
            _world.Files.OpenFiles.Hold(file);
        return error;
    }

    // As many copies as there is memory for, then a refusal that leaves nothing behind, and then one more.
    private DescriptorTable* CopyWithoutMemoryAndThenWith(DescriptorTable* table)
    {
        int objects = _world.Tracker.Count;
        _world.Pages.PageLimit = _world.Pages.PagesOutstanding;
        var copies = new System.Collections.Generic.List<nint>();
        Descriptors tables = _world.Files.Descriptors;
        for (DescriptorTable* copy = tables.CopyTable(table); copy != null; copy = tables.CopyTable(table))
            copies.Add((nint)copy);
        foreach (nint copy in copies)
            _world.Files.Descriptors.Release((DescriptorTable*)copy);
        Assert.Equal(objects, _world.Tracker.Count);
        _world.Pages.PageLimit = long.MaxValue;
        DescriptorTable* last = _world.Files.Descriptors.CopyTable(table);
        Assert.True(last != null);
        return last;
    }

    private static void AssertSame(DescriptorTable* table, DescriptorTable* other)
    {
        Assert.Equal(table->OpenCount, other->OpenCount);
        for (int i = 0; i < DescriptorTable.MaxDescriptors; i++)
        {
            OpenFile* file = Descriptors.Find(table, i);
            OpenFile* twin = Descriptors.Find(other, i);
            Assert.Equal(file == null ? default : file->Header.Id, twin == null ? default : twin->Header.Id);
        }
        Assert.Equal(Descriptors.NextOpen(table, 0), Descriptors.NextOpen(other, 0));
    }

    private static Errno Lock(FileLocks locks, Inode* inode, LockRequest request, int start, int end)
        => locks.Set(inode, new ObjectId(1000), 1, false, request, (ulong)start, (ulong)end);

    private static int Count(Inode* inode)
    {
        int count = 0;
        for (FileLock* held = inode->FirstLock; held != null; held = held->Next)
            count++;
        return count;
    }
}
