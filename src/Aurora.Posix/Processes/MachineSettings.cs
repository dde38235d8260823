// What root has set of the machine: its names, how far its clock is from the hardware's, and how long leases are broken. A persistent
// object of its own, made when something is set for the first time. Protected by the kernel lock.
using System;
using Aurora.Base;

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
    public fixed byte HostName[MaxNameBytes];
    public fixed byte DomainName[MaxNameBytes];
}

/// <summary>Keeps the settings of one consistency group, and sets its clock.</summary>
public sealed unsafe class MachineSettingsTable
{
    private const int DefaultLeaseBreakSeconds = 45;

    private readonly Slab<MachineSettings> _slab;
    private readonly ObjectTracker _tracker;
    private readonly Clock _clock;

    public MachineSettingsTable(PageAllocator pages, ObjectTracker tracker, Clock clock)
    {
        _slab = new Slab<MachineSettings>(pages, 1);
        _tracker = tracker;
        _clock = clock;
    }

    /// <summary>Null while nothing has been set.</summary>
    public MachineSettings* Settings { get; private set; }

    public ReadOnlySpan<byte> HostName
        => Settings == null || !Settings->HasHostName ? "aurora"u8 : new ReadOnlySpan<byte>(Settings->HostName, Settings->HostNameBytes);

    public ReadOnlySpan<byte> DomainName
        => Settings == null || !Settings->HasDomainName
            ? "(none)"u8 : new ReadOnlySpan<byte>(Settings->DomainName, Settings->DomainNameBytes);

    /// <summary>
    /// How long the holder of a lease has when it is broken (lease-break-time); as long as he likes if it is not positive.
    /// </summary>
    public int LeaseBreakSeconds
        => unchecked(DefaultLeaseBreakSeconds + (Settings == null ? 0 : Settings->MoreLeaseBreakSeconds));

    /// <summary>Sets that; false when memory is short.</summary>
    public bool SetLeaseBreakSeconds(int seconds)
    {
        if (!Make())
            return false;
        Settings->MoreLeaseBreakSeconds = unchecked(seconds - DefaultLeaseBreakSeconds);
        _tracker.MarkChanged(&Settings->Header);
        return true;
    }

    /// <summary>Sets the host name, of at most <see cref="MachineSettings.MaxNameBytes"/>; false when memory is short.</summary>
    public bool SetHostName(ReadOnlySpan<byte> name)
    {
        if (!Make())
            return false;
        name.CopyTo(new Span<byte>(Settings->HostName, MachineSettings.MaxNameBytes));
        Settings->HostNameBytes = (byte)name.Length;
        Settings->HasHostName = true;
        _tracker.MarkChanged(&Settings->Header);
        return true;
    }

    /// <summary>Sets the domain name; as above.</summary>
    public bool SetDomainName(ReadOnlySpan<byte> name)
    {
        if (!Make())
            return false;
        name.CopyTo(new Span<byte>(Settings->DomainName, MachineSettings.MaxNameBytes));
        Settings->DomainNameBytes = (byte)name.Length;
        Settings->HasDomainName = true;
        _tracker.MarkChanged(&Settings->Header);
        return true;
    }

    /// <summary>Makes real time be this now; false when memory is short. Whoever waits for real time must be told.</summary>
    public bool SetRealtime(ulong nanoseconds)
    {
        if (!Make())
            return false;
        _clock.RealtimeShiftNanoseconds += (long)(nanoseconds - _clock.RealtimeNanoseconds);
        Settings->RealtimeShiftNanoseconds = _clock.RealtimeShiftNanoseconds;
        _tracker.MarkChanged(&Settings->Header);
        return true;
    }

    /// <summary>An object to be filled by a restore; null when memory is short or there is one already.</summary>
    internal MachineSettings* Allocate() => Settings != null ? null : Settings = _slab.Allocate();

    /// <summary>Puts restored settings in force.</summary>
    internal void Apply() => _clock.RealtimeShiftNanoseconds = Settings->RealtimeShiftNanoseconds;

    private bool Make()
    {
        if (Settings != null)
            return true;
        Settings = _slab.Allocate();
        if (Settings != null)
            _tracker.Register(&Settings->Header, ObjectKind.MachineSettings);
        return Settings != null;
    }
}
