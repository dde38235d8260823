using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>The vDSO of groups that are copied, that go back, that are dumped and that end.</summary>
public sealed unsafe class ClockObjectGroupTests : IDisposable
{
    private readonly GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());
    private readonly HashSet<ulong> _generations = [];
    private VirtualAddress _code;

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Every_group_reads_its_own_clock()
    {
        MakeGroup("a");
        AssertReads("a");
        _machine.Session.Clock.Advance(1_000_000);
        Assert.Equal(Errno.Ok, _machine.Session.Engine.RequestNamed(_machine.Find("a"), "then"u8, out _));
        _machine.Settle();
        _machine.Session.Clock.Advance(5_000_000_000);
        Assert.True(_machine.Do(GroupVerb.Fork, "a", "b") > 0);
        Assert.True(_machine.Do(GroupVerb.Fork, "a", "e", flags: GroupRequest.IsEphemeral) > 0);
        Assert.True(_machine.Do(GroupVerb.Restore, "a", "c", checkpoint: "then") > 0);
        _machine.Session.Clock.Advance(7);
        foreach (string name in (string[])["b", "e", "c"])
            AssertReads(name);
        Assert.True(_machine.Do(GroupVerb.Rewind, "a", checkpoint: "then") > 0);
        AssertReads("a");
        foreach (string name in (string[])["b", "e", "c"])
        {
            _machine.Do(GroupVerb.Kill, name);
            AssertReads("a", isNew: false);
        }
    }

    [Fact]
    public void A_core_file_has_the_code_and_not_the_data()
    {
        MakeGroup("a");
        var programs = new StreamPrograms(_machine);
        long ticket = _machine.Do(GroupVerb.Dump, "a", "1");
        Assert.True(ticket > 0);
        byte[] core = StreamPrograms.FileOf(programs.Read(ticket).Stream);
        _machine.WorkOff();
        Assert.Equal(PageSize.Bytes, SegmentAt(core, _code.Value).Length);
        Assert.Equal(TestClockSource.Bytes, SegmentAt(core, _code.Value)[..TestClockSource.Bytes.Length].ToArray());
        Assert.Equal(0, SegmentAt(core, _code.Value - PageSize.Bytes).Length);
    }

    private static ReadOnlySpan<byte> SegmentAt(byte[] core, ulong address)
    {
        for (int i = 0; i < MemoryMarshal.Read<ushort>(core.AsSpan(56)); i++)
        {
            ReadOnlySpan<byte> segment = core.AsSpan(64 + (56 * i), 56);
            if (MemoryMarshal.Read<uint>(segment) == 1 && MemoryMarshal.Read<ulong>(segment[16..]) == address)
                return core.AsSpan((int)MemoryMarshal.Read<ulong>(segment[8..]), (int)MemoryMarshal.Read<ulong>(segment[32..]));
        }
        throw new InvalidOperationException($"0x{address:x} is in no segment");
    }

    private void MakeGroup(string name)
    {
        Assert.True(_machine.Do(GroupVerb.Run, target: name) > 0);
        AddressSpace* space = _machine.Init(_machine.Find(name))->AddressSpace;
        Assert.Equal(MemoryStatus.Ok, _machine.Session.Memory.ClockObjects.MapInto(space, default, out _code));
        _machine.Settle();
    }

    private void AssertReads(string name, bool isNew = true)
    {
        ObjectTracker group = _machine.Find(name);
        AddressSpace* space = _machine.Init(group)->AddressSpace;
        Span<ulong> words = stackalloc ulong[sizeof(ClockPage) / sizeof(ulong)];
        for (int i = 0; i < words.Length; i++)
            words[i] = _machine.Session.Load(space, _code.Value - PageSize.Bytes + (ulong)(i * sizeof(ulong)));
        ClockPage page = MemoryMarshal.Cast<ulong, ClockPage>(words)[0];
        GroupClock clock = _machine.Session.Group.Clocks.Of(group);
        ulong time = unchecked(_machine.Session.Clock.Ticks + page.MonotonicOffsetNanoseconds);
        Assert.Equal(clock.MonotonicNanoseconds, time);
        Assert.Equal(clock.RealtimeNanoseconds, unchecked(time + page.RealtimeLeadNanoseconds));
        Assert.Equal(isNew, _generations.Add(page.Generation));
    }
}
