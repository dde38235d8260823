// What root has set of the machine: its names, how far its clock is from the hardware's, how long leases are broken, how large pipes may
// be, and what users may have of inotify. A persistent object of its own, made when something is set for the first time. Protected by the
// kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Processes;

/// <summary>The settings; a length of zero means that the default is in force.</summary>
public unsafe struct MachineSettings
{
    /// <summary>The longest host or domain name (__NEW_UTS_LEN).</summary>
    public const int MaxNameBytes = 64;

    public ObjectHeader Header;

    /// <summary>Real time as programs see it minus that of the machine.</summary>
    public long RealtimeShiftNanoseconds;

    /// <summary>True for a name that was set, be it to nothing.</summary>
    public bool HasHostName, HasDomainName;
    public byte HostNameBytes, DomainNameBytes;

    /// <summary>How much longer than by default the holder of a lease has when it is broken; may be negative.</summary>
    public int MoreLeaseBreakSeconds;

    /// <summary>Bytes that a pipe may have without CAP_SYS_RESOURCE, a power of two of at least a page; zero for the default.</summary>
    public uint MostPipeBytes;

    /// <summary>How much more than by default a user may have of inotify (<see cref="InotifyLimit"/>); may be negative.</summary>
    public int MoreInotifyInstances, MoreInotifyEvents;

    /// <summary>One more than the watches a user may have; zero for the default, which is another on a machine of another size.</summary>
    public uint InotifyWatchesAndOne;
    public fixed byte HostName[MaxNameBytes];
    public fixed byte DomainName[MaxNameBytes];
}

/// <summary>Keeps the settings of each consistency group, and sets its clock.</summary>
public sealed unsafe class MachineSettingsTable
{
    private const int DefaultLeaseBreakSeconds = 45;

    private struct Place
    {
        public MachineSettings* Settings;
    }

    private readonly Slab<MachineSettings> _slab;
    private readonly GroupTable<Place> _places;
    private readonly TrackedObjects _tracked;
    private readonly GroupClocks _clocks;
    private readonly ClockObjects _shown;
    private readonly int _usualWatches;

    /// <summary><paramref name="shown"/> shows programs the clocks; some defaults go by the machine's memory.</summary>
    public MachineSettingsTable(PageAllocator pages, TrackedObjects tracked, GroupClocks clocks, ClockObjects shown, ulong memoryBytes)
    {
        _usualWatches = InotifyLimits.WatchesWith(memoryBytes);
        _shown = shown;
        _slab = new Slab<MachineSettings>(pages, GroupTable.MaxGroups);
        _places = new GroupTable<Place>(tracked);
        _tracked = tracked;
        _clocks = clocks;
    }

    /// <summary>Null while nothing has been set.</summary>
    public MachineSettings* Of(ObjectTracker group) => _places.At(group.Index)->Settings;

    /// <summary>Those of the group that an object belongs to.</summary>
    public MachineSettings* Of(ObjectHeader* header) => _places.At(header->Group)->Settings;

    public ReadOnlySpan<byte> HostNameOf(ObjectTracker group)
    {
        MachineSettings* settings = Of(group);
        return settings == null || !settings->HasHostName ? "aurora"u8
            : new ReadOnlySpan<byte>(settings->HostName, settings->HostNameBytes);
    }

    public ReadOnlySpan<byte> DomainNameOf(ObjectTracker group)
    {
        MachineSettings* settings = Of(group);
        return settings == null || !settings->HasDomainName
            ? "(none)"u8 : new ReadOnlySpan<byte>(settings->DomainName, settings->DomainNameBytes);
    }

    /// <summary>
    /// How long the holder of a lease has when it is broken (lease-break-time); as long as he likes if it is not positive.
    /// </summary>
    public int LeaseBreakSecondsOf(ObjectTracker group)
    {
        MachineSettings* settings = Of(group);
        return unchecked(DefaultLeaseBreakSeconds + (settings == null ? 0 : settings->MoreLeaseBreakSeconds));
    }

    /// <summary>Sets that; false when memory is short.</summary>
    public bool SetLeaseBreakSeconds(ObjectTracker group, int seconds)
    {
        MachineSettings* settings = Make(group);
        if (settings == null)
            return false;
        settings->MoreLeaseBreakSeconds = unchecked(seconds - DefaultLeaseBreakSeconds);
        _tracked.MarkChanged(&settings->Header);
        return true;
    }

    /// <summary>How large who lacks CAP_SYS_RESOURCE may make a pipe (pipe-max-size).</summary>
    public uint MostPipeBytesOf(ObjectTracker group)
    {
        MachineSettings* settings = Of(group);
        return settings == null || settings->MostPipeBytes == 0 ? Pipe.MaxCapacity : settings->MostPipeBytes;
    }

    /// <summary>Sets that, to what a pipe of at least so many bytes has: Ok, EINVAL for more than 2 GiB, ENOMEM.</summary>
    public Errno SetMostPipeBytes(ObjectTracker group, uint bytes)
    {
        if (bytes > Pipe.LargestAsked)
            return Errno.EINVAL;
        MachineSettings* settings = Make(group);
        if (settings == null)
            return Errno.ENOMEM;
        settings->MostPipeBytes = Pipe.RoundCapacity(bytes);
        _tracked.MarkChanged(&settings->Header);
        return Errno.Ok;
    }

    /// <summary>What one user may have of inotify.</summary>
    public int InotifyLimitOf(ObjectTracker group, InotifyLimit limit)
    {
        MachineSettings* settings = Of(group);
        return limit switch
        {
            InotifyLimit.Instances => InotifyLimits.Instances + (settings == null ? 0 : settings->MoreInotifyInstances),
            InotifyLimit.QueuedEvents => InotifyLimits.QueuedEvents + (settings == null ? 0 : settings->MoreInotifyEvents),
            _ => settings == null || settings->InotifyWatchesAndOne == 0 ? _usualWatches : (int)(settings->InotifyWatchesAndOne - 1),
        };
    }

    /// <summary>Sets that, to a number that is not negative; false when memory is short.</summary>
    public bool SetInotifyLimit(ObjectTracker group, InotifyLimit limit, int most)
    {
        MachineSettings* settings = Make(group);
        if (settings == null)
            return false;
        if (limit == InotifyLimit.Watches)
            settings->InotifyWatchesAndOne = (uint)most + 1;
        else if (limit == InotifyLimit.Instances)
            settings->MoreInotifyInstances = most - InotifyLimits.Instances;
        else
            settings->MoreInotifyEvents = most - InotifyLimits.QueuedEvents;
        _tracked.MarkChanged(&settings->Header);
        return true;
    }

    /// <summary>Sets the host name, of at most <see cref="MachineSettings.MaxNameBytes"/>; false when memory is short.</summary>
    public bool SetHostName(ObjectTracker group, ReadOnlySpan<byte> name)
    {
        MachineSettings* settings = Make(group);
        if (settings == null)
            return false;
        name.CopyTo(new Span<byte>(settings->HostName, MachineSettings.MaxNameBytes));
        settings->HostNameBytes = (byte)name.Length;
        settings->HasHostName = true;
        _tracked.MarkChanged(&settings->Header);
        return true;
    }

    /// <summary>Sets the domain name; as above.</summary>
    public bool SetDomainName(ObjectTracker group, ReadOnlySpan<byte> name)
    {
        MachineSettings* settings = Make(group);
        if (settings == null)
            return false;
        name.CopyTo(new Span<byte>(settings->DomainName, MachineSettings.MaxNameBytes));
        settings->DomainNameBytes = (byte)name.Length;
        settings->HasDomainName = true;
        _tracked.MarkChanged(&settings->Header);
        return true;
    }

    /// <summary>Makes real time be this now; false when memory is short. Whoever waits for real time must be told.</summary>
    public bool SetRealtime(ObjectTracker group, ulong nanoseconds)
    {
        MachineSettings* settings = Make(group);
        if (settings == null)
            return false;
        GroupClock clock = _clocks.Of(group);
        clock.RealtimeShiftNanoseconds += (long)(nanoseconds - clock.RealtimeNanoseconds);
        settings->RealtimeShiftNanoseconds = clock.RealtimeShiftNanoseconds;
        _shown.ClockChanged(group);
        _tracked.MarkChanged(&settings->Header);
        return true;
    }

    /// <summary>An object to be filled by a restore; null when memory is short or the group has one already.</summary>
    internal MachineSettings* Allocate(ObjectTracker group)
    {
        Place* place = _places.At(group.Index);
        return place->Settings != null ? null : place->Settings = _slab.Allocate();
    }

    /// <summary>The settings of a group that ends, if it has any.</summary>
    public void End(ObjectTracker group)
    {
        Place* place = _places.At(group.Index);
        if (place->Settings == null)
            return;
        group.Remove(&place->Settings->Header);
        _slab.Free(place->Settings);
        place->Settings = null;
    }

    /// <summary>Puts a group's restored settings in force.</summary>
    internal void Apply(ObjectTracker group)
    {
        GroupClock clock = _clocks.Of(group);
        clock.RealtimeShiftNanoseconds = Of(group)->RealtimeShiftNanoseconds;
        _shown.ClockChanged(group);
    }

    private MachineSettings* Make(ObjectTracker group)
    {
        Place* place = _places.At(group.Index);
        if (place->Settings != null)
            return place->Settings;
        place->Settings = _slab.Allocate();
        if (place->Settings != null)
            group.Register(&place->Settings->Header, ObjectKind.MachineSettings);
        return place->Settings;
    }
}
