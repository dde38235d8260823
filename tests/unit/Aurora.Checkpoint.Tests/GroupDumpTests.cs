using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Core files of processes that a machine makes while they run, and what is left of the copies that are made for that.</summary>
public sealed unsafe class GroupDumpTests : IDisposable
{
    private const ulong Pages = 12;

    private GroupMachine _machine = GroupMachine.Create(TestSession.NewDevice());

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void A_process_is_written_as_it_is_and_as_it_was_and_goes_on_meanwhile()
    {
        MakeGroup("a", 1);
        Name("a", "then");
        _machine.Store(_machine.Find("a"), 0x3000, 77);
        _machine.Init(_machine.Find("a"))->FirstThread->Context->Rip = 0x1234;
        ulong value = 1000;
        var programs = new StreamPrograms(_machine) { Before = _ => _machine.Store(_machine.Find("a"), 0x3000, ++value), Piece = 5000 };
        byte[] now = Dump(programs, "a", "1");
        Assert.Equal((0x464C457Fu, (ushort)4), (MemoryMarshal.Read<uint>(now), MemoryMarshal.Read<ushort>(now.AsSpan(16))));
        Assert.Equal((2000UL, 77UL, 2000 + Pages - 1), (WordAt(now, 0), WordAt(now, 0x3000), WordAt(now, (Pages - 1) * 0x1000)));
        byte[] then = Dump(programs, "a", "1", "then");
        Assert.Equal((2000UL, 2003UL), (WordAt(then, 0), WordAt(then, 0x3000)));
        Assert.Equal(value, _machine.Load(_machine.Find("a"), 0x3000));
    }

    [Fact]
    public void Nothing_is_left_of_what_was_made_for_a_core_file()
    {
        MakeGroup("a", 1);
        Dump(new StreamPrograms(_machine), "a", "1");
        int pages = _machine.Session.Pages.Taken;
        int groups = Groups();
        for (int i = 0; i < 5; i++)
            Dump(new StreamPrograms(_machine), "a", "1");
        Assert.InRange(_machine.Session.Pages.Taken, 0, pages);
        Assert.Equal(groups, Groups());
        RequireOnlyGroup();
    }

    [Fact]
    public void A_core_file_whose_program_ends_is_broken_off_and_the_copy_goes()
    {
        MakeGroup("a", 1);
        int groups = Groups();
        foreach (int least in (int[])[0, 20_000])
        {
            void EndAsker(long at)
            {
                if (at >= least)
                    _machine.StreamTable.NoteEnd(_machine.Init(_machine.Host));
            }
            Assert.Equal(-(long)Errno.ECANCELED, Ask(new StreamPrograms(_machine) { Before = EndAsker, Piece = 5000 }, "a", "1").Error);
            _machine.WorkOff();
            Assert.Equal(groups, Groups());
            RequireOnlyGroup();
        }
        Assert.Equal(2000UL, WordAt(Dump(new StreamPrograms(_machine), "a", "1"), 0));
    }

    [Fact]
    public void What_is_not_there_is_refused()
    {
        MakeGroup("a", 1);
        int groups = Groups();
        var programs = new StreamPrograms(_machine);
        Assert.Equal(-(long)Errno.ENOENT, Ask(programs, "none", "1").Error);
        Assert.Equal(-(long)Errno.ENOENT, Ask(programs, "a", "1", "none").Error);
        Assert.Equal(-(long)Errno.ESRCH, Ask(programs, "a", "7").Error);
        foreach (string process in (string[])["", "0", "-1", "x", "1x", "99999999999"])
            Assert.Equal(-(long)Errno.EINVAL, Ask(programs, "a", process).Error);
        Assert.Equal(groups, Groups());
        long sent = _machine.Do(GroupVerb.Send, "a");
        Assert.Equal(-(long)Errno.EBUSY, Ask(programs, "a", "1").Error);
        Assert.Equal(0, programs.Read(sent).Error);
        Assert.Equal(2000UL, WordAt(Dump(programs, "a", "1"), 0));
    }

    [Fact]
    public void A_saved_volume_and_the_host_are_dumped_too_and_the_power_fails_meanwhile()
    {
        MakeGroup("a", 1);
        _machine.Store(_machine.Host, 0, 9);
        var programs = new StreamPrograms(_machine);
        byte[] stream = programs.Send("a").Stream;
        Assert.True(programs.Receive("got", stream) > 0);
        Assert.Equal(2001UL, WordAt(Dump(programs, "got", "1"), 0x1000));
        Assert.Equal(9UL, WordAt(Dump(programs, "host", "1"), 0));
        Assert.True(_machine.Do(GroupVerb.Dump, "a", "1") > 0);
        Reboot();
        Assert.True(_machine.Do(GroupVerb.Remove, "got") > 0);
        RequireOnlyGroup();
    }

    /// <summary>Whichever allocation fails, the next core file is made.</summary>
    [Fact]
    public void Without_memory_there_is_no_core_file_and_the_next_one_is_made()
    {
        MakeGroup("a", 1);
        var programs = new StreamPrograms(_machine);
        int refused = 0;
        int turns = 0;
        // A checkpoint for which there is no memory is tried again: after a while there is some.
        _machine.BeforeTurn = () => _machine.Session.Pages.Remaining = ++turns > 10 ? null : _machine.Session.Pages.Remaining;
        for (int left = 0; left < 200; left++)
        {
            turns = 0;
            _machine.Session.Pages.Remaining = left;
            long result = _machine.Do(GroupVerb.Dump, "a", "1");
            _machine.Session.Pages.Remaining = null;
            refused += result < 0 ? 1 : 0;
            Assert.NotEqual(-(long)Errno.EBUSY, result);
            if (result > 0)
                programs.Read(result);
            _machine.WorkOff();
        }
        Assert.InRange(refused, 1, 199);
        Assert.Equal(2000UL, WordAt(Dump(programs, "a", "1"), 0));
        // What cannot be dropped for want of memory goes when the machine starts.
        Reboot();
        RequireOnlyGroup();
    }

    private void Reboot()
    {
        MemoryBlockDevice device = _machine.Session.Device;
        _machine.Settle();
        _machine.Dispose();
        _machine = GroupMachine.Start(device);
    }

    private (long Error, byte[] Stream) Ask(StreamPrograms programs, string group, string process, string checkpoint = "")
    {
        long number = _machine.Do(GroupVerb.Dump, group, process, checkpoint);
        return number < 0 ? (number, []) : programs.Read(number);
    }

    private byte[] Dump(StreamPrograms programs, string group, string process, string checkpoint = "")
    {
        (long error, byte[] stream) = Ask(programs, group, process, checkpoint);
        Assert.Equal(0, error);
        _machine.WorkOff();
        return StreamPrograms.FileOf(stream);
    }

    // By the segments of the file; the offsets are those of Elf64_Phdr.
    private static ulong WordAt(byte[] core, ulong offset)
    {
        ulong address = GroupMachine.Arena + offset;
        for (int i = 0; i < MemoryMarshal.Read<ushort>(core.AsSpan(56)); i++)
        {
            ReadOnlySpan<byte> segment = core.AsSpan(64 + (56 * i), 56);
            ulong start = MemoryMarshal.Read<ulong>(segment[16..]);
            if (MemoryMarshal.Read<uint>(segment) == 1 && address >= start && address - start < MemoryMarshal.Read<ulong>(segment[32..]))
                return MemoryMarshal.Read<ulong>(core.AsSpan((int)(MemoryMarshal.Read<ulong>(segment[8..]) + address - start)));
        }
        throw new InvalidOperationException($"0x{address:x} is in no segment");
    }

    private int Groups()
    {
        int count = 0;
        TrackedObjects tracked = _machine.Session.Group.Tracked;
        for (int group = tracked.NextGroup(0); group >= 0; group = tracked.NextGroup(group + 1))
            count++;
        return count;
    }

    private void RequireOnlyGroup()
    {
        Assert.Equal(StoreStatus.Ok, _machine.Session.Store.NextVolume(VolumeId.First, out VolumeInfo only));
        Assert.Equal(VolumeFlags.Group, only.Flags);
        Assert.Equal(StoreStatus.NotFound, _machine.Session.Store.NextVolume(only.Id, out _));
    }

    private void MakeGroup(string name, ulong seed)
    {
        Assert.True(_machine.Do(GroupVerb.Run, target: name) > 0);
        for (ulong page = 0; page < Pages; page++)
            _machine.Store(_machine.Find(name), page * 0x1000, (seed * 1000) + 1000 + page);
        _machine.Settle();
    }

    private void Name(string group, string name)
    {
        Assert.Equal(Errno.Ok, _machine.Session.Engine.RequestNamed(_machine.Find(group), Encoding.UTF8.GetBytes(name), out _));
        _machine.Settle();
    }
}
