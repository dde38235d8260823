using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Groups that are sent and received by programs of a machine that runs, and what is left when that is broken off.</summary>
public sealed unsafe class GroupStreamTests : IDisposable
{
    private const ulong Pages = 14;

    private GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());

    public void Dispose() => _machine.Dispose();

    /// <summary>A program that takes as much as there is, or so little that the fiber always waits with a full ring or an empty
    /// one.</summary>
    [Theory]
    [InlineData(1 << 20)]
    [InlineData(20_000)]
    [InlineData(300)]
    public void What_was_sent_is_received_and_runs_and_the_source_goes_on_meanwhile(int piece)
    {
        MakeGroup("a", 1);
        ulong value = 100;
        (long error, byte[] stream) = new StreamPrograms(_machine) { Before = _ => Touch("a", ++value), Piece = piece }.Send("a");
        Assert.Equal(0, error);
        Assert.True(stream.Length > (int)Pages * 4096 && value > 102, $"{stream.Length} bytes, {value}");
        long number = new StreamPrograms(_machine) { Before = _ => Touch("a", ++value), Piece = piece }.Receive("got", stream);
        Assert.Equal(SlsGroup.StateSaved, StateOf("got", out ulong id));
        Assert.Equal((ulong)number, id);
        Assert.Equal(Errno.ENODEV, _machine.Manager.Find("got"u8, out _));
        Assert.True(_machine.Do(GroupVerb.Restore, "got", "b") > 0);
        RequireContents("b", 1);
        Assert.Equal(value, _machine.Load(_machine.Find("a"), 0x5008));
        Reboot();
        RequireContents("b", 1);
        Assert.Equal(SlsGroup.StateSaved, StateOf("got", out _));
        Assert.True(_machine.Do(GroupVerb.Remove, "got") > 0);
        Reboot();
        Assert.False(_machine.Exists("got"));
        RequireContents("b", 1);
    }

    [Fact]
    public void What_differs_is_enough_for_who_has_the_rest_and_nobody_else()
    {
        MakeGroup("a", 1);
        Name("a", "one");
        _machine.Store(_machine.Find("a"), 0x3000, 77);
        Name("a", "two");
        _machine.Store(_machine.Find("a"), 0x3000, 78);
        var programs = new StreamPrograms(_machine);
        byte[] whole = programs.Send("a", "one").Stream;
        (long error, byte[] difference) = programs.Send("a", "two", "one");
        Assert.Equal(0, error);
        Assert.True(difference.Length < whole.Length / 2, $"{difference.Length} of {whole.Length}");
        Assert.Equal(-(long)Errno.ENOENT, programs.Receive("second", difference));
        Assert.True(programs.Receive("first", whole) > 0);
        Assert.True(programs.Receive("second", difference) > 0);
        Assert.True(_machine.Do(GroupVerb.Restore, "second", "b") > 0);
        Assert.Equal(77UL, _machine.Load(_machine.Find("b"), 0x3000));
        Assert.True(_machine.Do(GroupVerb.Restore, "first", "c") > 0);
        RequireContents("c", 1);
        // A saved volume is sent as it is.
        Assert.Equal(0, programs.Send("second").Error);
    }

    [Fact]
    public void What_cannot_be_sent_or_received_is_refused()
    {
        MakeGroup("a", 1);
        Name("a", "one");
        Name("a", "two");
        var programs = new StreamPrograms(_machine);
        Assert.Equal(-(long)Errno.ENOENT, programs.Send("none").Error);
        Assert.Equal(-(long)Errno.ENOENT, programs.Send("a", "none").Error);
        Assert.Equal(-(long)Errno.ENOENT, programs.Send("a", "two", "none").Error);
        Assert.Equal(-(long)Errno.EINVAL, programs.Send("a", "one", "two").Error);
        Assert.Equal(-(long)Errno.EINVAL, programs.Send("a", "one", "one").Error);
        Assert.Equal(-(long)Errno.EINVAL, programs.Receive("5", []));
        Assert.Equal(-(long)Errno.EINVAL, programs.Receive("", []));
        Assert.Equal(-(long)Errno.EEXIST, programs.Receive("a", []));
        byte[] stream = programs.Send("a").Stream;
        programs.Receive("got", stream);
        Assert.Equal(-(long)Errno.EEXIST, programs.Receive("got", stream));
        foreach (GroupVerb verb in (GroupVerb[])[GroupVerb.Fork, GroupVerb.Suspend, GroupVerb.Resume, GroupVerb.Kill, GroupVerb.Rewind])
            Assert.Equal(-(long)Errno.ENODEV, _machine.Do(verb, "got", checkpoint: "1"));
        Assert.Equal(-(long)Errno.ENODEV, _machine.Do(GroupVerb.Exec, "got"));
    }

    [Fact]
    public void One_is_sent_and_one_received_at_a_time()
    {
        MakeGroup("a", 1);
        long sent = _machine.Do(GroupVerb.Send, "a");
        long received = _machine.Do(GroupVerb.Receive, target: "got");
        Assert.Equal(-(long)Errno.EBUSY, _machine.Do(GroupVerb.Send, "a"));
        Assert.Equal(-(long)Errno.EBUSY, _machine.Do(GroupVerb.Receive, target: "other"));
        var programs = new StreamPrograms(_machine);
        (long error, byte[] stream) = programs.Read(sent);
        Assert.Equal(0, error);
        Assert.True(programs.Write(received, stream) > 0);
        Assert.Equal(0, programs.Send("a").Error);
        Assert.Equal(-(long)Errno.ECANCELED, programs.Read(sent).Error);
        Assert.Equal(-(long)Errno.ECANCELED, programs.Write(received, stream));
    }

    /// <summary>Who asked ends in the middle: nothing is left, and the next one has the place.</summary>
    [Fact]
    public void A_stream_whose_program_ends_is_broken_off()
    {
        MakeGroup("a", 1);
        int memory = _machine.Session.Pages.Taken;
        byte[] stream = new StreamPrograms(_machine).Send("a").Stream;
        var programs = new StreamPrograms(_machine) { Before = _ => _machine.StreamTable.NoteEnd(_machine.Init(_machine.Host)) };
        Assert.Equal(-(long)Errno.ECANCELED, programs.Send("a").Error);
        Assert.Equal(-(long)Errno.ECANCELED, programs.Receive("got", stream));
        programs.Before = at =>
        {
            if (at > 30_000)
                _machine.StreamTable.NoteEnd(_machine.Init(_machine.Host));
        };
        Assert.Equal(-(long)Errno.ECANCELED, programs.Send("a").Error);
        Assert.Equal(-(long)Errno.ECANCELED, programs.Receive("got", stream));
        Assert.Equal(StoreStatus.Ok, _machine.Session.Store.NextVolume(VolumeId.First, out VolumeInfo only));
        Assert.Equal(StoreStatus.NotFound, _machine.Session.Store.NextVolume(only.Id, out _));
        Assert.True(_machine.Session.Pages.Taken <= memory + 8, $"{memory} pages and then {_machine.Session.Pages.Taken}");
        Assert.True(new StreamPrograms(_machine).Receive("got", stream) > 0);
    }

    [Fact]
    public void A_lying_stream_is_refused_by_name_and_leaves_nothing()
    {
        MakeGroup("a", 1);
        byte[] stream = new StreamPrograms(_machine).Send("a").Stream;
        var programs = new StreamPrograms(_machine);
        var random = new Random(3);
        for (int i = 0; i < 60; i++)
        {
            byte[] bad = (byte[])stream.Clone();
            bad[i < 30 ? i : random.Next(stream.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Contains(programs.Receive("bad", bad), (long[])[-(long)Errno.EBADMSG, -(long)Errno.ENODATA]);
            Assert.Equal(-(long)Errno.ENODATA, programs.Receive("bad", stream.AsSpan(0, random.Next(stream.Length))));
        }
        Assert.Equal(-(long)Errno.ENODATA, programs.Receive("bad", []));
        Assert.False(_machine.Exists("bad"));
        Assert.True(programs.Receive("good", [.. stream, 1, 2, 3]) > 0);
        Assert.True(_machine.Do(GroupVerb.Restore, "good", "b") > 0);
        RequireContents("b", 1);
    }

    /// <summary>Somebody takes the name while the stream comes in.</summary>
    [Fact]
    public void A_name_that_is_taken_meanwhile_is_not_given_twice()
    {
        MakeGroup("a", 1);
        byte[] stream = new StreamPrograms(_machine).Send("a").Stream;
        long number = _machine.Do(GroupVerb.Receive, target: "got");
        Assert.True(_machine.Do(GroupVerb.Run, target: "got") > 0);
        Assert.Equal(-(long)Errno.EEXIST, new StreamPrograms(_machine).Write(number, stream));
        Reboot();
        Assert.Equal(SlsGroup.StatePersisted, StateOf("got", out _));
    }

    /// <summary>
    /// The power fails after every write of a reception: what comes back is all of it or nothing, and the number is not known.
    /// </summary>
    [Fact]
    public void A_power_cut_leaves_all_that_was_received_or_nothing()
    {
        _machine.Dispose();
        var device = new TracedDevice(1 << 15);
        TestSession.Format(device);
        _machine = GroupMachine.Create(device);
        MakeGroup("a", 1);
        byte[] stream = new StreamPrograms(_machine).Send("a").Stream;
        _machine.Settle();
        device.Begin();
        long number = _machine.Do(GroupVerb.Receive, target: "got");
        Assert.True(new StreamPrograms(_machine).Write(number, stream) > 0);
        _machine.Settle();
        var seen = new HashSet<bool>();
        for (int writes = 0; writes <= device.Count; writes++)
        {
            using GroupMachine restarted = GroupMachine.Start(device.After(writes));
            bool isThere = restarted.Manager.Find("got"u8, out _) == Errno.ENODEV;
            seen.Add(isThere);
            Assert.Equal(-(long)Errno.ECANCELED, new StreamPrograms(restarted).Write(number, stream));
            Assert.Equal(isThere, restarted.Do(GroupVerb.Restore, "got", "b") > 0);
            if (isThere)
                Assert.Equal(2001UL, restarted.Load(restarted.Find("b"), 0x1000));
            else
                RequireOnlyGroup(restarted);
        }
        Assert.Equal(2, seen.Count);
    }

    private static void RequireOnlyGroup(GroupMachine machine)
    {
        Assert.Equal(StoreStatus.Ok, machine.Session.Store.NextVolume(VolumeId.First, out VolumeInfo only));
        Assert.Equal(VolumeFlags.Group, only.Flags);
        Assert.Equal(StoreStatus.NotFound, machine.Session.Store.NextVolume(only.Id, out _));
    }

    // A group with pages that nothing else has.
    private void MakeGroup(string name, ulong seed)
    {
        Assert.True(_machine.Do(GroupVerb.Run, target: name) > 0);
        for (ulong page = 0; page < Pages; page++)
            _machine.Store(_machine.Find(name), page * 0x1000, (seed * 1000) + 1000 + page);
        _machine.Settle();
    }

    private void RequireContents(string name, ulong seed)
    {
        for (ulong page = 0; page < Pages; page++)
            Assert.Equal((seed * 1000) + 1000 + page, _machine.Load(_machine.Find(name), page * 0x1000));
    }

    private void Touch(string name, ulong value) => _machine.Store(_machine.Find(name), 0x5008, value);

    private void Name(string group, string name)
    {
        Assert.Equal(Errno.Ok,
            _machine.Session.Engine.RequestNamed(_machine.Find(group), System.Text.Encoding.UTF8.GetBytes(name), out _));
        _machine.Settle();
    }

    private uint StateOf(string name, out ulong id)
    {
        id = 0;
        for (int i = 0; _machine.Manager.Read(_machine.Host, i, out SlsGroup about); i++)
        {
            id = about.Id;
            if (new ReadOnlySpan<byte>(about.Name, name.Length).SequenceEqual(System.Text.Encoding.UTF8.GetBytes(name)))
                return about.State;
        }
        return uint.MaxValue;
    }

    private void Reboot()
    {
        _machine.Settle();
        MemoryBlockDevice device = _machine.Session.Device;
        _machine.Dispose();
        _machine = GroupMachine.Start(device);
    }
}
