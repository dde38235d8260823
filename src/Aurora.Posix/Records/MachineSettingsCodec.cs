using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Records;

/// <summary>The state record of the machine's settings.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct MachineSettingsRecord
{
    public const int Bytes = 160;

    /// <summary>Version 1 ends before MostPipeBytes.</summary>
    public const int BytesOfVersion1 = 144;

    public long RealtimeShiftNanoseconds;
    public byte HasHostName, HasDomainName, HostNameBytes, DomainNameBytes;

    /// <summary>Zero in older images.</summary>
    public int MoreLeaseBreakSeconds;
    public fixed byte HostName[MachineSettings.MaxNameBytes];
    public fixed byte DomainName[MachineSettings.MaxNameBytes];

    /// <summary>Since version 2; zero for the default.</summary>
    public uint MostPipeBytes;
    public int MoreInotifyInstances;
    public uint InotifyWatchesAndOne;
    public int MoreInotifyEvents;
}

/// <summary>Captures the machine's settings; restored, they are in force before timers are armed.</summary>
public sealed unsafe class MachineSettingsCodec(MachineSettingsTable table) : RecordCodec
{
    public override ObjectKind Kind => ObjectKind.MachineSettings;

    /// <summary>Version 1 knew neither pipes nor inotify.</summary>
    public override byte Version => 2;
    public override int LargestPayload => sizeof(MachineSettingsRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload) => Write(payload, Describe((MachineSettings*)header));

    public override bool IsSound(ObjectHeader* header)
        => header == &table.Of(header)->Header && IsValid(Describe((MachineSettings*)header));

    private static bool IsValid(in MachineSettingsRecord record)
        => record.HasHostName <= 1 && record.HasDomainName <= 1
            && record.HostNameBytes <= MachineSettings.MaxNameBytes && record.DomainNameBytes <= MachineSettings.MaxNameBytes
            && (record.MostPipeBytes == 0 || Pipe.RoundCapacity(record.MostPipeBytes) == record.MostPipeBytes)
            && IsLimit(InotifyLimits.Instances, record.MoreInotifyInstances) && record.InotifyWatchesAndOne <= 1U << 31
            && IsLimit(InotifyLimits.QueuedEvents, record.MoreInotifyEvents);

    private static bool IsLimit(int usual, int more) => (long)usual + more is >= 0 and <= int.MaxValue;

    private static MachineSettingsRecord Describe(MachineSettings* settings)
    {
        var record = new MachineSettingsRecord
        {
            RealtimeShiftNanoseconds = settings->RealtimeShiftNanoseconds,
            HasHostName = settings->HasHostName ? (byte)1 : (byte)0,
            HasDomainName = settings->HasDomainName ? (byte)1 : (byte)0,
            HostNameBytes = settings->HostNameBytes,
            DomainNameBytes = settings->DomainNameBytes,
            MoreLeaseBreakSeconds = settings->MoreLeaseBreakSeconds,
            MostPipeBytes = settings->MostPipeBytes,
            MoreInotifyInstances = settings->MoreInotifyInstances,
            InotifyWatchesAndOne = settings->InotifyWatchesAndOne,
            MoreInotifyEvents = settings->MoreInotifyEvents,
        };
        new ReadOnlySpan<byte>(settings->HostName, MachineSettings.MaxNameBytes).CopyTo(
            new Span<byte>(record.HostName, MachineSettings.MaxNameBytes));
        new ReadOnlySpan<byte>(settings->DomainName, MachineSettings.MaxNameBytes).CopyTo(
            new Span<byte>(record.DomainName, MachineSettings.MaxNameBytes));
        return record;
    }

    private static RestoreStatus Read(byte version, ReadOnlySpan<byte> payload, out MachineSettingsRecord record)
    {
        record = default;
        if (version is not (1 or 2))
            return RestoreStatus.UnknownVersion;
        if (payload.Length != (version == 1 ? MachineSettingsRecord.BytesOfVersion1 : MachineSettingsRecord.Bytes))
            return RestoreStatus.BadRecord;
        fixed (MachineSettingsRecord* start = &record)
            payload.CopyTo(new Span<byte>(start, sizeof(MachineSettingsRecord)));
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, out MachineSettingsRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!IsValid(in record) || table.Of(tracker) != null)
            return RestoreStatus.BadRecord;
        MachineSettings* settings = table.Allocate(tracker);
        if (settings == null)
            return RestoreStatus.OutOfMemory;
        settings->RealtimeShiftNanoseconds = record.RealtimeShiftNanoseconds;
        settings->HasHostName = record.HasHostName == 1;
        settings->HasDomainName = record.HasDomainName == 1;
        settings->HostNameBytes = record.HostNameBytes;
        settings->DomainNameBytes = record.DomainNameBytes;
        settings->MoreLeaseBreakSeconds = record.MoreLeaseBreakSeconds;
        settings->MostPipeBytes = record.MostPipeBytes;
        settings->MoreInotifyInstances = record.MoreInotifyInstances;
        settings->InotifyWatchesAndOne = record.InotifyWatchesAndOne;
        settings->MoreInotifyEvents = record.MoreInotifyEvents;
        new ReadOnlySpan<byte>(record.HostName, MachineSettings.MaxNameBytes).CopyTo(
            new Span<byte>(settings->HostName, MachineSettings.MaxNameBytes));
        new ReadOnlySpan<byte>(record.DomainName, MachineSettings.MaxNameBytes).CopyTo(
            new Span<byte>(settings->DomainName, MachineSettings.MaxNameBytes));
        tracker.Adopt(&settings->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        table.Apply(tracker);
        return RestoreStatus.Ok;
    }
}
