using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Aurora.Base;
using Aurora.Images.Dump;
using Aurora.Images.Session;
using Aurora.Memory;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Images.Tests;

/// <summary>
/// The memory in core files: every byte as the process had it at the checkpoint, and no more of it held or stored than there is.
/// </summary>
public sealed unsafe class DumpMemoryTests : IDisposable
{
    private const ulong Arena = 0x4000_0000;
    private const ulong Reserved = 0x5000_0000;
    private const ulong Private = 0x6000_0000;
    private const ulong ReadOnlyFile = 0x6100_0000;
    private const ulong Sparse = 0x10_0000_0000;
    private const ulong SparsePages = 1UL << 28;
    private const ulong Last = AddressSpace.UserEnd - 4096;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    private readonly string _folder = Directory.CreateTempSubdirectory("aurora-dump-").FullName;
    private readonly Random _random = new(5);
    private readonly Dictionary<ulong, byte[]> _pages = [];
    private readonly byte[] _data = new byte[14_000];

    public DumpMemoryTests() => _random.NextBytes(_data);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_byte_of_memory_is_as_it_was_at_the_checkpoint()
    {
        string image;
        ulong first;
        using (HeldImage held = HeldImage.Create(_folder, _data))
        {
            image = held.Path;
            Thread* init = Fill(held);
            first = held.Checkpoint("then");
            WriteAll(held, init, [Arena, Arena + 4096, Private, Private + 0x2000, Last]);
            held.Checkpoint();
        }
        CheckPresent(image, null);

        // What it was before is what the first call has written.
        string core = Path.Combine(_folder, "then");
        DiskImage.Dump(image, 1, core, checkpoint: "then");
        using var reader = new CoreReader(core);
        Assert.Equal(_first[Arena], reader.PageAt(Arena));
        Assert.Equal(_first[Last], reader.PageAt(Last));
        Assert.Equal(new byte[4096], reader.PageAt(Arena + 4096));
        Assert.Equal(_data[..4096], reader.PageAt(Private));
        Assert.Equal(first, DiskImage.Dump(image, 1, core + "2", checkpoint: first.ToString(CultureInfo.InvariantCulture)).Epoch);
        using var again = new CoreReader(core + "2");
        Assert.Equal(reader.Notes.SelectMany(note => note.Contents), again.Notes.SelectMany(note => note.Contents));
        Assert.Equal(_first[Arena], again.PageAt(Arena));
    }

    [Fact]
    public void A_child_has_what_it_was_forked_with_and_what_it_has_written()
    {
        string image;
        int child;
        using (HeldImage held = HeldImage.Create(_folder, _data))
        {
            image = held.Path;
            Thread* init = Fill(held);
            held.Checkpoint();
            Thread* forked = held.Fork(init);
            child = forked->Process->Id;
            held.Write(init, Arena, _data.AsSpan(0, 4096));
            WriteAll(held, forked, [Arena + 4096, Private]);
            held.Checkpoint();
        }
        CheckPresent(image, child);
    }

    [Fact]
    public void Mappings_are_segments_and_what_cannot_be_read_takes_no_place()
    {
        string image;
        using (HeldImage held = HeldImage.Create(_folder, _data))
        {
            image = held.Path;
            Fill(held);
            held.Checkpoint();
        }
        string core = Path.Combine(_folder, "core");
        ImageCore made = DiskImage.Dump(image, 1, core);
        using var reader = new CoreReader(core);
        Assert.Equal(
            [(Arena, 64 << 12, 64 << 12, 6u), (Reserved, 1000 << 12, 0, 0u), (Private, 6 << 12, 4 << 12, 6u),
                (ReadOnlyFile, 2 << 12, 2 << 12, 5u), (Sparse, SparsePages << 12, SparsePages << 12, 6u), (Last, 1 << 12, 1 << 12, 6u)],
            reader.Memory.Select(each => (each.Address, each.MemoryBytes, each.FileBytes, each.Flags)));
        Assert.Equal(6, made.Mappings);
        Assert.True((ulong)reader.Length > SparsePages << 12);

        // Blocks of 512 bytes: what there is of a terabyte, and not much of the host's own.
        using Process stat = Process.Start(new ProcessStartInfo("stat", ["--format=%b", core]) { RedirectStandardOutput = true })!;
        long blocks = long.Parse(stat.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture);
        Assert.InRange(blocks * 512, (long)made.DataBytes, (long)made.DataBytes + (1 << 20));
        Assert.Equal(["core", "held.img"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
    }

    /// <summary>A page far behind the beginning of the file, one that the program has written, and many holes before each.</summary>
    [Fact]
    public void A_private_mapping_of_a_large_file_shows_what_was_written_over_it_and_what_was_not()
    {
        string image;
        const ulong pages = 1UL << 26;
        ulong[] written = [Sparse + 0x1000, Sparse + (pages << 11)];
        using (HeldImage held = HeldImage.Create(_folder, _data))
        {
            image = held.Path;
            Thread* init = held.StartInit("sparse");
            foreach (ulong page in (ulong[])[pages / 4, pages - 1])
            {
                held.WriteFile("/lib/data", page << 12, _data.AsSpan(0, 4096));
                _pages[Sparse + (page << 12)] = FilePage(0);
            }
            for (int page = 0; page < 4; page++)
                _pages[Sparse + ((ulong)page << 12)] = FilePage(page);
            held.Map(init, Sparse, pages, ReadWrite, "/lib/data");
            WriteAll(held, init, written);
            held.Checkpoint();
        }
        string core = Path.Combine(_folder, "core");
        Assert.Equal((ulong)_pages.Count << 12, DiskImage.Dump(image, 1, core).DataBytes);
        using var reader = new CoreReader(core);
        Assert.All(_pages, page => Assert.Equal(page.Value, reader.PageAt(page.Key)));
    }

    [Fact]
    public void Of_a_large_process_little_is_held_at_a_time()
    {
        const ulong pages = 36_000;
        const ulong piece = 4_000;
        string image;
        using (HeldImage held = HeldImage.Create(_folder, _data, bytes: 1L << 30))
        {
            image = held.Path;
            Thread* init = held.StartInit("large");
            held.Map(init, Arena, pages, ReadWrite);
            for (ulong page = 0; page < pages; page++)
            {
                held.Write(init, Arena + (page << 12), BitConverter.GetBytes(page + 1));
                if (page % piece == piece - 1)
                    held.Checkpoint();
            }
        }
        string core = Path.Combine(_folder, "core");
        using (ImageStore store = ImageStore.Open(image, readOnly: true))
        {
            StoredGroup group = StoredGroup.Open(store, null, null);
            Assert.Equal(pages << 12, new CoreFile(group, 1).Write(core).DataBytes);
            FramePool frames = group.Session.Memory.Frames;
            Assert.InRange(frames.TotalFrames - frames.FreeFrames, 1UL, 20_000UL);
            Assert.True(group.Session.Memory.Reclaim.EvictedPages > 15_000);
        }
        using var reader = new CoreReader(core);
        for (ulong page = 0; page < pages; page++)
            Assert.Equal(page + 1, BitConverter.ToUInt64(reader.PageAt(Arena + (page << 12))!));
    }

    private readonly Dictionary<ulong, byte[]> _first = [];

    // Anonymous memory with holes, reserved addresses, a file written in part and mapped beyond its end, a terabyte, and the last page.
    private Thread* Fill(HeldImage held)
    {
        Thread* init = held.StartInit("filled");
        held.Map(init, Arena, 64, ReadWrite);
        held.Map(init, Reserved, 1000, Protection.None);
        held.Map(init, Private, 6, ReadWrite, "/lib/data");
        held.Map(init, ReadOnlyFile, 2, Protection.Read | Protection.Execute, "/lib/data", filePage: 1);
        held.Map(init, Sparse, SparsePages, ReadWrite);
        held.Map(init, Last, 1, ReadWrite);
        for (int page = 0; page < 4; page++)
            _pages[Private + ((ulong)page << 12)] = FilePage(page);
        _pages[ReadOnlyFile] = FilePage(1);
        _pages[ReadOnlyFile + 4096] = FilePage(2);
        WriteAll(held, init, [Arena, Arena + 0x3000, Arena + 0x3F000, Private + 0x1000, Sparse + (SparsePages << 11), Last]);
        held.Write(init, Arena + 0x5000, new byte[4096]);
        foreach ((ulong address, byte[] page) in _pages)
            _first[address] = page;
        return init;
    }

    private byte[] FilePage(int page)
    {
        byte[] result = new byte[4096];
        _data.AsSpan(page << 12, Math.Min(4096, _data.Length - (page << 12))).CopyTo(result);
        return result;
    }

    private void WriteAll(HeldImage held, Thread* thread, ulong[] addresses)
    {
        foreach (ulong address in addresses)
        {
            byte[] page = new byte[4096];
            _random.NextBytes(page);
            held.Write(thread, address, page);
            _pages[address] = page;
        }
    }

    // All but the terabyte in full; of that the neighbourhood of what is there.
    private void CheckPresent(string image, int? process)
    {
        string core = Path.Combine(_folder, "present");
        DiskImage.Dump(image, process ?? 1, core);
        using var reader = new CoreReader(core);
        foreach (CoreSegment segment in reader.Memory)
        {
            ulong from = segment.Address == Sparse ? Sparse + (SparsePages << 11) - 0x10000 : segment.Address;
            ulong end = segment.Address == Sparse ? from + 0x20000 : segment.Address + segment.FileBytes;
            for (ulong address = from; address < end; address += 4096)
                Assert.Equal(_pages.GetValueOrDefault(address, new byte[4096]), reader.PageAt(address));
        }
        Assert.All(_pages.Keys, address => Assert.NotNull(reader.PageAt(address)));
    }
}
