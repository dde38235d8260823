using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Crash.Tests;

/// <summary>What a checkpoint of the bank's group has: what its programs remember, and as what they show the regions.</summary>
internal sealed record BankMoment(ulong Count, ObjectId[] Spaces, (ulong Taken, bool IsDirty)[] Regions)
{
    /// <summary>Whoever goes on from it with regions that are as after these persists has to hear that they are other ones.</summary>
    public bool IsOther(ReadOnlySpan<ulong> last)
    {
        bool isOther = false;
        for (int region = 0; region < Regions.Length; region++)
            isOther |= Regions[region].IsDirty || Regions[region].Taken != last[region];
        return isOther;
    }
}

/// <summary>The checkpoints of a bank's group: each is kept as it was captured, by its epoch.</summary>
internal sealed unsafe class BankGroup(RegionMachine machine, int thread)
{
    /// <summary>Where the programs count checkpoints, in memory that is the group's.</summary>
    public const ulong Counter = 0x1000_0000;

    private readonly Dictionary<ulong, BankMoment> _moments = [];
    private ulong _count;

    public IReadOnlyDictionary<ulong, BankMoment> Moments => _moments;

    /// <summary>The newest checkpoint that is durable.</summary>
    public ulong Durable => machine.Session.Engine.LastDurable.Value;

    /// <summary>A program with a page of its own.</summary>
    public AddressSpace* NewProgram()
    {
        AddressSpace* space = machine.NewSpace();
        var request = new MapRequest
        {
            Address = new VirtualAddress(Counter), Length = PageSize.Bytes, Protection = Protection.Read | Protection.Write,
            Placement = MapPlacement.Fixed,
        };
        CrashStore.Require(machine.Session.Memory.Mappings.Map(space, request, out _) == MemoryStatus.Ok, "no page for the counter");
        return space;
    }

    /// <summary>The programs count on, and a checkpoint is taken unless too many are on their way.</summary>
    public void Checkpoint(nint[] programs, IEnumerable<BankModel> regions)
    {
        _count++;
        foreach (nint program in programs)
            *machine.Touch(thread, (AddressSpace*)program, Counter, FaultAccess.Write) = _count;
        ObjectId[] spaces = [.. programs.Select(program => ((AddressSpace*)program)->Header.Id)];
        var moment = new BankMoment(_count, spaces, [.. regions.Select(region => (region.Last, region.Dirty(-1) != 0))]);
        Epoch before = machine.Session.Engine.LastCaptured;
        machine.Session.Engine.Request();
        machine.Session.Engine.Poll();
        Epoch after = machine.Session.Engine.LastCaptured;
        if (after != before)
            _moments[after.Value] = moment;
    }

    /// <summary>
    /// A machine that was restored has its group as it was captured, no older than promised, and says of its regions what is so.
    /// </summary>
    public static void Check(
        RegionMachine restored, IReadOnlyDictionary<ulong, BankMoment> moments, ulong promised, ReadOnlySpan<ulong> last)
    {
        ulong epoch = restored.Session.Group.Of(restored.Session.Tracker)->Epoch.Value;
        CrashStore.Require(epoch >= promised, $"checkpoint {promised} was durable, and {epoch} is restored");
        CrashStore.Require(moments.TryGetValue(epoch, out BankMoment? moment), $"checkpoint {epoch} never was");
        foreach (ObjectId id in moment!.Spaces)
        {
            var space = (AddressSpace*)restored.Session.Tracker.Find(id, ObjectKind.AddressSpace);
            CrashStore.Require(space != null, $"program {id.Value} is not in checkpoint {epoch}");
            bool isOther = moment.IsOther(last);
            CrashStore.Require(space->HasOtherRegion == isOther, $"other regions: {isOther}, and a restore says the opposite");
            ulong count = *restored.Touch(0, space, Counter, FaultAccess.Read);
            CrashStore.Require(count == moment.Count, $"checkpoint {epoch} has {count} instead of {moment.Count}");
        }
    }
}
