using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;

namespace Aurora.States.Tests;

/// <summary>
/// Which regions the programs of a group showed at a moment, and as what: so it is known, without the records, who must hear, when the
/// group goes on from there, that a region is not what it was.
/// </summary>
internal sealed unsafe class ShownRegions
{
    private readonly record struct Shown(ulong Space, ulong Number, ulong Taken, bool IsDirty);

    private readonly List<Shown> _shown = [];

    /// <summary>What the group shows that has been entered.</summary>
    public static ShownRegions Of(World world)
    {
        var shown = new ShownRegions();
        foreach (nint each in Spaces(world))
        {
            var space = (AddressSpace*)each;
            for (int i = 0; MappingTable.At(space, i) is var mapping && mapping != null; i++)
            {
                Region* region = mapping->Object->Region;
                if (region != null)
                    shown._shown.Add(new Shown(space->Header.Id.Value, region->Number, region->Taken, region->IsDirty));
            }
        }
        return shown;
    }

    /// <summary>
    /// Nobody but those who have to, and all of them, find that a region is not what it was: in a group that goes on, with what a disk has,
    /// from where it was then. The difference, or null; whether there is somebody.
    /// </summary>
    public string? DifferenceTo(World restored, RegionDisk disk, out bool hasOther)
    {
        hasOther = false;
        foreach (nint each in Spaces(restored))
        {
            var space = (AddressSpace*)each;
            bool isOther = IsOther(space->Header.Id.Value, disk);
            hasOther |= isOther;
            if (space->HasOtherRegion != isOther)
                return $"AddressSpace {space->Header.Id.Value}: regions that are other ones: {isOther}, and a restore says the opposite";
        }
        return null;
    }

    /// <summary>A group that has not been restored is as if it had been.</summary>
    public void Mark(World world, RegionDisk disk)
    {
        foreach (nint each in Spaces(world))
            ((AddressSpace*)each)->HasOtherRegion = IsOther(((AddressSpace*)each)->Header.Id.Value, disk);
    }

    private bool IsOther(ulong space, RegionDisk disk) => _shown.Any(shown => shown.Space == space
        && (shown.IsDirty || disk.Find(shown.Number)?.Last != shown.Taken));

    private static HashSet<nint> Spaces(World world)
    {
        var spaces = new HashSet<nint>();
        PidNamespace processes = world.Kernel.Pids;
        for (Process* process = processes.NextProcess(1); process != null; process = processes.NextProcess(process->Id + 1))
            if (process->AddressSpace != null)
                spaces.Add((nint)process->AddressSpace);
        return spaces;
    }
}
