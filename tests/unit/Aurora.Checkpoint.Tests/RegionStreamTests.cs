using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Regions that are sent and received by programs of a machine that runs, and what is left when that is broken off.</summary>
public sealed unsafe class RegionStreamTests : IDisposable
{
    private const ulong Page = RegionStreamPrograms.Page;
    private const ulong Pages = 14;

    private GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());
    private RegionStreamPrograms _programs;
    private Process* _process;

    public RegionStreamTests()
    {
        _programs = new RegionStreamPrograms(_machine);
        _process = _programs.NewProcess();
    }

    public void Dispose() => _machine.Dispose();

    private RegionManager Regions => _machine.Session.Group.Regions;

    /// <summary>The pointers in it hold, what was not persisted is not in it, and who uses the original goes on meanwhile.</summary>
    [Theory]
    [InlineData(1 << 20)]
    [InlineData(20_000)]
    [InlineData(300)]
    public void What_was_persisted_is_sent_and_received_at_its_address_and_the_original_goes_on(int piece)
    {
        Region* region = Make("a", out ulong at);
        RegionIdentity identity = region->Identity;
        _programs.Store(_process, at + 8, 99);
        ulong value = 100;
        var streams = new StreamPrograms(_machine) { Piece = piece };
        streams.Before = _ => _programs.Store(_process, at + 16, ++value);
        var programs = new RegionStreamPrograms(_machine) { Streams = streams };
        (long error, byte[] stream) = programs.Send("a");
        Assert.Equal(0, error);
        Assert.True(stream.Length > (int)(Pages * Page) && value > 101, $"{stream.Length} bytes, {value}");
        long number = programs.Receive("b", stream);
        Assert.True(number > 0);
        Assert.Equal((99UL, value), (_programs.Load(_process, at + 8), _programs.Load(_process, at + 16)));
        Region* copy = RequireCopy("b", at);
        Assert.Equal((ulong)number, copy->Number);
        Assert.False(copy->Identity.Is(in identity) || copy->Identity.IsNone);
        Reboot();
        RequireCopy("b", at);
        RequireCopy("a", at);
    }

    /// <summary>A copy is a region like others: it is changed, persisted, resized, cloned, sent on, and deleted.</summary>
    [Fact]
    public void A_copy_is_a_region_of_its_own()
    {
        Make("a", out ulong at);
        byte[] stream = _programs.Send("a").Stream;
        Assert.True(_programs.Receive("b", stream) > 0);
        Process* other = _programs.NewProcess();
        Region* copy = _programs.Open("b");
        _programs.Show(other, copy);
        _programs.Store(other, at, 7);
        _programs.Persist(other, copy);
        _programs.Resize("b", Pages + 2);
        Assert.Equal((7UL, 1000UL), (_programs.Load(other, at), _programs.Load(_process, at)));
        (long error, byte[] onward) = _programs.Send("b");
        Assert.Equal(0, error);
        Assert.True(_programs.Receive("c", onward) > 0);
        _programs.Hide(other, copy);
        Assert.Equal(Errno.Ok, _programs.Do(RegionRequestKind.Delete, "b"));
        Reboot();
        Assert.True(_programs.Open("b") == null);
        Region* third = _programs.Open("c");
        Assert.Equal(Pages + 2, third->Object->SizePages);
        _programs.Show(_process, third);
        Assert.Equal(7UL, _programs.Load(_process, at));
    }

    /// <summary>Whoever waits for a persist of the original is never told of one of the copy.</summary>
    [Fact]
    public void No_persist_of_the_original_is_one_of_the_copy()
    {
        Region* region = Make("a", out ulong at);
        var known = new List<ulong> { Regions.StatusOf(region).Durable };
        byte[] stream = _programs.Send("a").Stream;
        Assert.True(_programs.Receive("b", stream) > 0);
        for (ulong i = 0; i < 5; i++)
        {
            _programs.Store(_process, at, i);
            known.Add(_programs.Persist(_process, region));
        }
        Process* other = _programs.NewProcess();
        Region* copy = _programs.Open("b");
        _programs.Show(other, copy);
        for (ulong i = 0; i < 10; i++)
        {
            _programs.Store(other, at, i);
            Assert.True(_programs.Persist(other, copy) > CopiedRegions.FirstNumber);
        }
        foreach (ulong epoch in known)
            Assert.NotEqual(Errno.Ok, Regions.StateOf(copy, epoch));
        Assert.True(_programs.Receive("c", stream) > 0);
        Assert.NotEqual(Regions.StatusOf(copy).Durable, Regions.StatusOf(_programs.Open("c")).Durable);
    }

    [Fact]
    public void What_differs_is_enough_for_who_has_the_rest_and_nobody_else()
    {
        Region* region = Make("a", out ulong at);
        ulong first = Regions.StatusOf(region).Durable;
        _programs.Store(_process, at + (3 * Page), 77);
        ulong second = _programs.Persist(_process, region);
        _programs.Resize("a", 5);
        _programs.Resize("a", Pages);
        _programs.Store(_process, at + (4 * Page), 78);
        ulong third = _programs.Persist(_process, region);
        byte[] whole = _programs.Send("a", first).Stream;
        (long error, byte[] difference) = _programs.Send("a", second, first);
        Assert.Equal(0, error);
        Assert.True(difference.Length < 2 * (int)Page, $"{difference.Length} of {whole.Length}");
        Assert.Equal(-(long)Errno.ENOENT, _programs.Receive("second", difference));
        Assert.True(_programs.Receive("first", whole) > 0);
        Assert.True(_programs.Receive("second", difference) > 0);
        // That it is changed here since does not matter.
        Process* other = _programs.NewProcess();
        _programs.Show(other, _programs.Open("first"));
        _programs.Store(other, at, 1);
        _programs.Persist(other, _programs.Open("first"));
        Assert.True(_programs.Receive("third", _programs.Send("a", third, first).Stream) > 0);
        Process* reader = _programs.NewProcess();
        Region* copy = _programs.Open("second");
        _programs.Show(reader, copy);
        Assert.Equal((77UL, 1000 + 13UL), (_programs.Load(reader, at + (3 * Page)), _programs.Load(reader, at + (13 * Page))));
        _programs.Hide(reader, copy);
        _programs.Show(reader, _programs.Open("third"));
        Assert.Equal(1000UL, _programs.Load(reader, at));
        Assert.Equal((77UL, 78UL), (_programs.Load(reader, at + (3 * Page)), _programs.Load(reader, at + (4 * Page))));
        Assert.Equal(0UL, _programs.Load(reader, at + (13 * Page)));
    }

    [Fact]
    public void What_cannot_be_sent_or_received_is_refused()
    {
        Region* region = Make("a", out ulong at);
        ulong first = Regions.StatusOf(region).Durable;
        _programs.Store(_process, at, 5);
        ulong second = _programs.Persist(_process, region);
        Assert.Equal(-(long)Errno.ENOENT, _programs.Send("none").Error);
        Assert.Equal(-(long)Errno.ENOENT, _programs.Send("a", second + 1).Error);
        Assert.Equal(-(long)Errno.ENOENT, _programs.Send("a", 0, second + 1).Error);
        Assert.Equal(-(long)Errno.EINVAL, _programs.Send("a", first, second).Error);
        Assert.Equal(-(long)Errno.EINVAL, _programs.Send("a", 0, second).Error);
        Assert.Equal(-(long)Errno.EEXIST, _programs.BeginReceive("a"));
        RegionRequest foreign = RegionStreamPrograms.Request(RegionRequestKind.Send, "a");
        (foreign.IsPrivileged, foreign.User) = (false, 7);
        Assert.Equal(Errno.EACCES, _programs.Ask(in foreign, out _, out _));
        byte[] stream = _programs.Send("a").Stream;
        long sent = _programs.BeginSend("a");
        long received = _programs.BeginReceive("b");
        Assert.Equal(-(long)Errno.EBUSY, _programs.BeginSend("a"));
        Assert.Equal(-(long)Errno.EBUSY, _programs.BeginReceive("c"));
        Assert.Equal(-(long)Errno.EBUSY, _machine.Do(GroupVerb.Receive, target: "c"));
        Assert.Equal(0, _programs.Streams.Read(sent).Error);
        Assert.True(_programs.Streams.Write(received, stream) > 0);
        Assert.Equal(-(long)Errno.ECANCELED, _programs.Streams.Read(sent).Error);
    }

    [Fact]
    public void A_stream_of_a_group_is_no_region_and_that_of_a_region_no_group()
    {
        Make("a", out _);
        Assert.True(_machine.Do(GroupVerb.Run, target: "g") > 0);
        _machine.Settle();
        byte[] group = _programs.Streams.Send("g").Stream;
        byte[] region = _programs.Send("a").Stream;
        Assert.Equal(-(long)Errno.EPROTOTYPE, _programs.Receive("b", group));
        Assert.Equal(-(long)Errno.EPROTOTYPE, _programs.Streams.Receive("h", region));
        RequireNothingElse(3);
        Assert.True(_programs.Receive("b", region) > 0);
        Assert.True(_programs.Streams.Receive("h", group) > 0);
    }

    [Fact]
    public void A_damaged_stream_is_refused_by_name_and_leaves_nothing()
    {
        Make("a", out ulong at);
        byte[] stream = _programs.Send("a").Stream;
        var random = new Random(3);
        for (int i = 0; i < 60; i++)
        {
            byte[] bad = (byte[])stream.Clone();
            bad[i < 40 ? i * 4 : random.Next(stream.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Contains(_programs.Receive("bad", bad), (long[])[-(long)Errno.EBADMSG, -(long)Errno.ENODATA]);
            Assert.Equal(-(long)Errno.ENODATA, _programs.Receive("bad", stream[..random.Next(stream.Length)]));
        }
        Assert.Equal(-(long)Errno.ENODATA, _programs.Receive("bad", []));
        RequireNothingElse(2);
        Assert.True(_programs.Receive("good", [.. stream, 1, 2, 3]) > 0);
        RequireCopy("good", at);
    }

    /// <summary>Who asked ends in the middle: nothing is left, and the next one has the place.</summary>
    [Fact]
    public void A_stream_whose_program_ends_is_broken_off()
    {
        Make("a", out ulong at);
        byte[] stream = _programs.Send("a").Stream;
        _programs.Streams.Before = at =>
        {
            if (at > 30_000)
                _machine.StreamTable.NoteEnd(_machine.Init(_machine.Host));
        };
        Assert.Equal(-(long)Errno.ECANCELED, _programs.Send("a").Error);
        Assert.Equal(-(long)Errno.ECANCELED, _programs.Receive("b", stream));
        RequireNothingElse(2);
        _programs.Streams.Before = null;
        Assert.True(_programs.Receive("b", stream) > 0);
        RequireCopy("b", at);
    }

    /// <summary>Somebody takes the name while the stream comes in.</summary>
    [Fact]
    public void A_name_that_is_taken_meanwhile_is_not_given_twice()
    {
        Make("a", out _);
        byte[] stream = _programs.Send("a").Stream;
        long number = _programs.BeginReceive("b");
        Assert.True(_programs.Open("b", 3) != null);
        Assert.Equal(-(long)Errno.EEXIST, _programs.Streams.Write(number, stream));
        Reboot();
        Assert.Equal(3UL, _programs.Open("b")->Object->SizePages);
        RequireNothingElse(3);
    }

    /// <summary>What was persisted last is sent also when that was so long ago that the store offers it no more.</summary>
    [Fact]
    public void A_region_that_has_been_still_for_long_is_sent()
    {
        Region* region = Make("a", out ulong at);
        Assert.Equal(StoreStatus.Ok, _machine.Session.Store.CutNow());
        // So soon after a state that is kept this one is not.
        _programs.Store(_process, at + 16, 5);
        ulong last = _programs.Persist(_process, region);
        for (int i = 0; i < 4; i++)
        {
            _machine.Store(_machine.Host, 8, (ulong)i);
            _machine.Settle();
            Assert.Equal(StoreStatus.Ok, _machine.Session.Store.CutNow());
        }
        Assert.Equal(-(long)Errno.ENOENT, _programs.Send("a", last).Error);
        (long error, byte[] stream) = _programs.Send("a");
        Assert.Equal(0, error);
        Assert.True(_programs.Receive("b", stream) > 0);
        RequireCopy("b", at);
        Assert.Equal(last, Regions.StatusOf(region).Durable);
        _programs.Store(_process, at, 5);
        Assert.True(_programs.Persist(_process, region) > last);
    }

    /// <summary>The power fails after every write of a reception: what comes back is all of it or nothing.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_power_cut_leaves_all_that_was_received_or_nothing(bool isDifference)
    {
        _machine.Dispose();
        var device = new TracedDevice(1 << 15);
        TestSession.Format(device);
        _machine = GroupMachine.Create(device);
        _programs = new RegionStreamPrograms(_machine);
        _process = _programs.NewProcess();
        Region* region = Make("a", out ulong at);
        byte[] stream = Prepare(region, at, isDifference);
        _machine.Settle();
        device.Begin();
        long number = _programs.BeginReceive("got");
        Assert.True(_programs.Streams.Write(number, stream) > 0);
        _machine.Settle();
        var seen = new HashSet<bool>();
        for (int writes = 0; writes <= device.Count; writes++)
            seen.Add(IsThereAfter(device.After(writes), number, at, isDifference));
        Assert.Equal(2, seen.Count);
        Assert.True(device.Count > 10 || isDifference, $"{device.Count}");
    }

    private byte[] Prepare(Region* region, ulong at, bool isDifference)
    {
        ulong first = Regions.StatusOf(region).Durable;
        byte[] whole = _programs.Send("a").Stream;
        if (!isDifference)
            return whole;
        Assert.True(_programs.Receive("base", whole) > 0);
        _programs.Store(_process, at + Page, 77);
        _programs.Persist(_process, region);
        return _programs.Send("a", 0, first).Stream;
    }

    private static bool IsThereAfter(MemoryBlockDevice device, long number, ulong at, bool isDifference)
    {
        using GroupMachine restarted = GroupMachine.Start(device);
        ObjectStore store = restarted.Session.Store;
        for (VolumeId after = VolumeId.First; store.NextVolume(after, out VolumeInfo info) == StoreStatus.Ok; after = info.Id)
            Assert.Equal(VolumeFlags.Region, info.Flags);
        var programs = new RegionStreamPrograms(restarted);
        Assert.Equal(-(long)Errno.ECANCELED, programs.Streams.Write(number, []));
        Region* copy = programs.Open("got");
        if (copy == null)
            return false;
        Process* reader = programs.NewProcess();
        Assert.Equal(at, programs.Show(reader, copy));
        for (ulong page = 0; page < Pages; page++)
            Assert.Equal(page == 1 && isDifference ? 77 : 1000 + page, programs.Load(reader, at + (page * Page)));
        programs.Store(reader, at, 5);
        programs.Persist(reader, copy);
        return true;
    }

    // A region in use, of which every page has something.
    private Region* Make(string name, out ulong at)
    {
        Region* region = _programs.Open(name, Pages);
        at = _programs.Show(_process, region);
        for (ulong page = 0; page < Pages; page++)
            _programs.Store(_process, at + (page * Page), 1000 + page);
        _programs.Persist(_process, region);
        return region;
    }

    private Region* RequireCopy(string name, ulong at)
    {
        Process* reader = _programs.NewProcess();
        Region* region = _programs.Open(name);
        Assert.True(region != null);
        Assert.Equal(at, _programs.Show(reader, region));
        for (ulong page = 0; page < Pages; page++)
            Assert.Equal(1000 + page, _programs.Load(reader, at + (page * Page)));
        Assert.Equal(0UL, _programs.Load(reader, at + 8));
        return region;
    }

    // There are so many volumes, and none is being received.
    private void RequireNothingElse(int volumes)
    {
        int count = 0;
        for (VolumeId after = default; _machine.Session.Store.NextVolume(after, out VolumeInfo info) == StoreStatus.Ok; after = info.Id)
        {
            count++;
            Assert.Equal(VolumeFlags.None, info.Flags & VolumeFlags.Partial);
        }
        Assert.Equal(volumes, count);
    }

    private void Reboot()
    {
        _machine.Settle();
        MemoryBlockDevice device = _machine.Session.Device;
        _machine.Dispose();
        _machine = GroupMachine.Start(device);
        _programs = new RegionStreamPrograms(_machine);
        _process = _programs.NewProcess();
    }
}
