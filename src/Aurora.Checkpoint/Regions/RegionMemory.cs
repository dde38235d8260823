// Regions coming into memory and going. One in memory has an index among groups of its own, from which nothing is captured, so that its
// pages are read from its volume; it has no processes and no files, and is on no list of groups that are checkpointed. It goes when nothing
// shows it and nothing of it is on its way to the store: what was not persisted is given up then, as by who ends in the middle of a
// transaction. Who opens one that nothing shows, and that has not gone yet, gets it without what was not persisted as well.
//
// What gives up pages does so in steps, and holds the region meanwhile (IsBusy). All of it blocks, and is for fibers: that of orders, and
// those that restore groups.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>Brings regions into memory and takes them out of it.</summary>
internal sealed unsafe class RegionMemory(
    RegionTable table, RegionCatalog catalog, TrackedObjects tracked, MemoryManager memory, CheckpointEngine engine,
    ThreadScheduler scheduler, FiberScheduler fibers)
{
    /// <summary>
    /// Brings the region with a number into memory unless it is there; it stays until the caller waits. EIO: it is damaged, or cannot be
    /// read. ENOENT: there is none.
    /// </summary>
    public Errno Open(ulong number, out RegionEntry* entry)
    {
        for (;;)
        {
            entry = table.Find(number);
            if (entry == null)
                return Errno.ENOENT;
            if (entry->IsDamaged)
                return Errno.EIO;
            if (entry->IsOpen && IsAsPersisted(entry))
                return Errno.Ok;
            Errno error = Errno.Ok;
            if (entry->IsBusy || entry->Persists != 0)
                fibers.Block(table.Settled);
            else if (entry->IsOpen)
                GiveUp(entry, null);
            else
                error = BringIn(entry);
            if (error != Errno.Ok)
                return error;
        }
    }

    private bool IsAsPersisted(RegionEntry* entry) => !entry->IsBusy && !HasLeftovers(entry);

    /// <summary>Something of a region in memory is dirty, or on its way to the store, and no program shows it.</summary>
    public bool HasLeftovers(RegionEntry* entry) => (entry->Persists != 0 || entry->Memory.IsDirty) && !IsShown(entry);

    /// <summary>Some program shows it that has not ended, in a group that runs or may run again.</summary>
    public bool IsShown(RegionEntry* entry)
    {
        Mapping* mapping = entry->Memory.NextMapping(null);
        while (mapping != null && (mapping->Space->Header.References == 0 || engine.IsSetAside(mapping->Space->Header.Group)))
            mapping = entry->Memory.NextMapping(mapping);
        return mapping != null;
    }

    /// <summary>Gives up what a thread has not persisted of any region, and will not.</summary>
    public void GiveUpAll(RegionWriter* writer)
    {
        for (Region* region; (region = Regions.FirstDirtyOf(writer)) != null;)
        {
            RegionEntry* entry = (RegionEntry*)region;
            if (entry->IsBusy)
            {
                fibers.Block(table.Settled);
                continue;
            }
            Hold(entry);
            GiveUp(entry, writer);
        }
    }

    /// <summary>
    /// Nothing more of a region is persisted from here on (<see cref="Release"/>); returns when nothing is on its way. Nobody holds it.
    /// </summary>
    public void Hold(RegionEntry* entry)
    {
        Panic.Unless(!entry->IsBusy, "regions: held twice"u8);
        entry->IsBusy = true;
        while (entry->Persists != 0)
            fibers.Block(table.Settled);
    }

    /// <summary>Ends what <see cref="Hold"/> began.</summary>
    public void Release(RegionEntry* entry)
    {
        entry->IsBusy = false;
        scheduler.WakeAll(&entry->Memory.Changed);
        fibers.WakeAll(table.Settled);
        // What has lost its last program meanwhile can go.
        fibers.WakeOne(memory.Regions.Work);
    }

    /// <summary>Gives up what a thread has not persisted, or with null what nobody has. Nothing of the region is on its way.</summary>
    public void GiveUp(RegionEntry* entry, RegionWriter* writer)
    {
        entry->IsBusy = true;
        while (!memory.Regions.AbortSome(&entry->Memory, writer))
            fibers.GiveWay();
        Release(entry);
    }

    /// <summary>Takes regions out of memory that nobody needs there.</summary>
    public void CloseUnused()
    {
        for (RegionEntry* entry = table.FirstOpen; entry != null;)
        {
            if (!IsUnused(entry))
            {
                entry = entry->NextOpen;
                continue;
            }
            Close(entry);
            entry = table.FirstOpen;
        }
    }

    /// <summary>Nothing shows the region, and nothing of it is on its way.</summary>
    public static bool IsUnused(RegionEntry* entry)
        => !entry->Memory.IsMapped && !entry->Memory.IsFlying && entry->Persists == 0 && !entry->IsBusy && entry->Users == 0
            && entry->Memory.Changed.IsEmpty;

    /// <summary>Takes an unused region out of memory, unless somebody has begun to use it before that is done.</summary>
    public void Close(RegionEntry* entry)
    {
        GiveUp(entry, null);
        if (!IsUnused(entry))
            return;
        ObjectTracker group = tracked.OfGroup(entry->Group);
        memory.Regions.End(&entry->Memory);
        engine.ReadNothing(group);
        tracked.Remove(group);
        table.NoteClosed(entry);
    }

    private Errno BringIn(RegionEntry* entry)
    {
        entry->Users++;
        Errno error = catalog.FindLast(entry, out ulong last);
        entry->Users--;
        fibers.WakeAll(table.Settled);
        if (error != Errno.Ok || entry->IsOpen || entry->IsBusy)
            return error;
        int index = tracked.FreeIndex();
        ObjectTracker group = index < 0 ? default : tracked.Add((ushort)index, RegionRecord.Object);
        if (!group.Exists)
            return Errno.ENOMEM;
        group.BeEphemeral();
        engine.ReadFrom(group, entry->VolumeId);
        if (!memory.Regions.Begin(&entry->Memory, group, RegionRecord.Object, entry->Record.SizePages))
        {
            engine.ReadNothing(group);
            tracked.Remove(group);
            return Errno.ENOMEM;
        }
        entry->Memory.Number = entry->Volume;
        entry->Memory.Identity = entry->Record.Identity;
        RegionNumbers.Begin(entry, last);
        table.NoteOpen(entry, group.Index);
        return Errno.Ok;
    }
}
