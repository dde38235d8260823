using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Nvme.Tests;

public sealed unsafe class CommandTableTests
{
    public CommandTableTests() => HostEnvironment.Install();

    [Fact]
    public void A_stale_command_id_names_nothing_even_after_its_slot_is_reused()
    {
        var table = new CommandTable(1);
        BlockRequest first, second;
        ushort old = table.Take(&first, 10);
        Assert.True(table.Release(old) == &first);
        Assert.True(table.Release(old) == null);
        ushort fresh = table.Take(&second, 20);
        Assert.NotEqual(old, fresh);
        Assert.Equal(CommandTable.SlotOf(old), CommandTable.SlotOf(fresh));
        Assert.True(table.Release(old) == null);
        Assert.True(table.Release(fresh) == &second);
    }

    [Fact]
    public void Ids_outside_the_table_name_nothing()
    {
        var table = new CommandTable(4);
        BlockRequest request;
        table.Take(&request, 1);
        Assert.True(table.Release(0xFFFF) == null);
        Assert.True(table.Release(0x0104) == null);
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void A_full_table_panics_rather_than_overwrite()
    {
        var table = new CommandTable(1);
        BlockRequest request;
        table.Take(&request, 1);
        Assert.True(table.IsFull);
        Assert.Throws<PanicException>(() =>
        {
            BlockRequest another;
            table.Take(&another, 1);
        });
    }

    [Fact]
    public void FFFFh_is_never_a_command_id()
    {
        var table = new CommandTable(255);
        BlockRequest request;
        for (int round = 0; round < 300; round++)
        {
            var ids = new List<ushort>();
            while (!table.IsFull)
                ids.Add(table.Take(&request, 0));
            Assert.DoesNotContain((ushort)0xFFFF, ids);
            Assert.Equal(255, new HashSet<ushort>(ids).Count);
            foreach (ushort id in ids)
                Assert.True(table.Release(id) != null);
        }
    }

    [Property(MaxTest = 200)]
    public void The_oldest_command_is_always_known(byte[] choices)
    {
        var table = new CommandTable(8);
        var model = new List<(ushort Id, ulong Deadline)>();
        var request = default(BlockRequest);
        ulong now = 0;
        foreach (byte choice in choices)
        {
            now++;
            if (choice < 150 && !table.IsFull)
                model.Add((table.Take(&request, now), now));
            else if (model.Count > 0)
            {
                int at = choice % model.Count;
                Assert.True(table.Release(model[at].Id) == &request);
                model.RemoveAt(at);
            }
            Assert.Equal(model.Count, table.Count);
            Assert.Equal(model.Count == 0 ? ulong.MaxValue : model[0].Deadline, table.OldestDeadline);
        }
        while (table.ReleaseOldest(out ulong deadline) != null)
        {
            Assert.Equal(model[0].Deadline, deadline);
            model.RemoveAt(0);
        }
        Assert.Empty(model);
    }
}
