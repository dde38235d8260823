using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Copies of a group show its frames, as long as nobody writes to them, and everybody sees what he has written himself.</summary>
public sealed unsafe class SharedPagesTests : IDisposable
{
    private const ulong Page = 4096;
    private const ulong Pages = 16;

    private GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void A_copy_of_what_is_in_memory_takes_no_frames_until_it_writes()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker a = _machine.Find("a");
        for (ulong page = 0; page < Pages; page++)
            _machine.Store(a, page * Page, page + 1);
        _machine.Settle();
        Assert.True(_machine.Do(GroupVerb.Fork, "a", "b") > 0);
        Assert.True(_machine.Do(GroupVerb.Fork, "b", "c") > 0);
        foreach (ObjectTracker copy in new[] { _machine.Find("b"), _machine.Find("c") })
        {
            Assert.Equal(1UL, _machine.Load(copy, 0));
            ulong used = _machine.Session.Frames.UsedFrames;
            ulong reads = _machine.Session.Store.Statistics.PagesRead;
            for (ulong page = 1; page < Pages; page++)
                Assert.Equal(page + 1, _machine.Load(copy, page * Page));
            Assert.Equal(used, _machine.Session.Frames.UsedFrames);
            Assert.Equal(reads, _machine.Session.Store.Statistics.PagesRead);
        }
        _machine.Store(_machine.Find("b"), 0, 77);
        _machine.Store(a, Page, 78);
        Assert.Equal((1UL, 77UL, 1UL), At(0));
        Assert.Equal((78UL, 2UL, 2UL), At(Page));
        _machine.Settle();
        Assert.Equal((1UL, 77UL, 1UL), At(0));
        Assert.Equal((78UL, 2UL, 2UL), At(Page));
    }

    [Fact]
    public void What_is_dirty_at_a_fork_is_written_once()
    {
        _machine.Do(GroupVerb.Run, target: "a");
        ObjectTracker a = _machine.Find("a");
        _machine.Store(a, 0, 1);
        _machine.Settle();
        ulong written = _machine.Session.Engine.Statistics.Pages;
        for (ulong page = 0; page < Pages; page++)
            _machine.Store(a, page * Page, page + 2);
        Assert.True(_machine.Do(GroupVerb.Fork, "a", "b") > 0);
        _machine.Settle();
        Assert.Equal(Pages, _machine.Session.Engine.Statistics.Pages - written);
        Assert.Equal(9UL, _machine.Load(_machine.Find("b"), 7 * Page));
    }

    private (ulong A, ulong B, ulong C) At(ulong offset)
        => (Load("a", offset), Load("b", offset), Load("c", offset));

    private ulong Load(string name, ulong offset) => _machine.Load(_machine.Find(name), offset);

    /// <summary>
    /// Groups that write, are copied, go back and end, with their pages dropped from memory at any time: each has what was written in it.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Nobody_sees_what_another_group_has_written_since(int seed)
    {
        var random = new Random(seed);
        _machine.Do(GroupVerb.Run, target: "g0");
        var groups = new Dictionary<string, ulong[]> { ["g0"] = new ulong[Pages] };
        var saved = new Dictionary<string, (string Epoch, ulong[] Contents)>();
        ulong written = 0;
        for (int step = 0; step < 1500; step++)
        {
            string name = groups.Keys.ElementAt(random.Next(groups.Count));
            ulong page = (ulong)random.Next((int)Pages);
            int choice = random.Next(100);
            if (choice < 40)
                _machine.Store(_machine.Find(name), page * Page, groups[name][page] = ++written);
            else if (choice < 75)
                Assert.Equal(groups[name][page], _machine.Load(_machine.Find(name), page * Page));
            else if (choice < 82)
                Drop(random.Next(1, 200));
            else if (choice < 88)
                Part(random.Next(4));
            else if (choice < 92)
                saved[name] = Save(name, groups[name]);
            else if (choice < 95 && groups.Count < 6)
                Copy(name, groups, random.Next(3) > 0 && saved.TryGetValue(name, out (string Epoch, ulong[] Contents) past) ? past : null);
            else if (choice < 98 && saved.Remove(name, out (string Epoch, ulong[] Contents) old))
                GoBack(name, old, groups);
            else if (groups.Count > 3 && name != "g0")
                End(name, groups, saved);
            if (step % 300 == 299)
                Restart(groups);
        }
        AssertAll(groups);
    }

    private void AssertAll(Dictionary<string, ulong[]> groups)
    {
        foreach ((string name, ulong[] contents) in groups)
        {
            for (ulong page = 0; page < Pages; page++)
                Assert.Equal(contents[page], _machine.Load(_machine.Find(name), page * Page));
        }
    }

    private void Drop(int steps)
    {
        for (int i = 0; i < steps; i++)
            _machine.Session.Memory.Reclaim.Step();
    }

    // A checkpoint that may stay half done.
    private void Part(int parts)
    {
        TestSession session = _machine.Session;
        Action? turn = session.Fibers.Turn;
        session.Fibers.Turn = null;
        session.Clock.Advance(10_000_000);
        session.Engine.Poll();
        if (parts > 0)
            session.Flush();
        if (parts > 1)
            session.Commit();
        session.Fibers.Turn = turn;
    }

    private (string Epoch, ulong[] Contents) Save(string name, ulong[] contents)
    {
        _machine.Settle();
        SlsStatistics statistics = default;
        _machine.Session.Engine.ReadStatistics(_machine.Find(name), ref statistics);
        return (statistics.DurableEpoch.ToString(CultureInfo.InvariantCulture), (ulong[])contents.Clone());
    }

    // Of what it is now, or of a checkpoint, which may have been given up by then: the next copy of that finds what this one has read.
    private void Copy(string name, Dictionary<string, ulong[]> groups, (string Epoch, ulong[] Contents)? past)
    {
        string copy = Enumerable.Range(0, 20).Select(i => $"g{i}").First(free => !groups.ContainsKey(free));
        long result = past == null ? _machine.Do(GroupVerb.Fork, name, copy) : _machine.Do(GroupVerb.Restore, name, copy, past.Value.Epoch);
        Assert.True(result > 0 || past != null);
        if (result > 0)
            groups[copy] = (ulong[])(past == null ? groups[name] : past.Value.Contents).Clone();
    }

    // A checkpoint may have been given up by then.
    private void GoBack(string name, (string Epoch, ulong[] Contents) old, Dictionary<string, ulong[]> groups)
    {
        long result = _machine.Do(GroupVerb.Rewind, name, checkpoint: old.Epoch);
        if (result > 0)
            groups[name] = old.Contents;
    }

    private void End(string name, Dictionary<string, ulong[]> groups, Dictionary<string, (string Epoch, ulong[] Contents)> saved)
    {
        Assert.True(_machine.Do(GroupVerb.Kill, name) > 0);
        Assert.True(_machine.Do(GroupVerb.Remove, name) > 0);
        groups.Remove(name);
        saved.Remove(name);
    }

    private void Restart(Dictionary<string, ulong[]> groups)
    {
        AssertAll(groups);
        _machine.Settle();
        GroupMachine restarted = GroupMachine.Start(_machine.Session.Device);
        _machine.Dispose();
        _machine = restarted;
        AssertAll(groups);
    }
}
