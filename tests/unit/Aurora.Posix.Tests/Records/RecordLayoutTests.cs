using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Records;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Posix.Tests.Records;

public sealed unsafe class RecordLayoutTests
{
    [Fact]
    public void Records_have_the_sizes_their_format_promises()
    {
        Assert.Equal(ProcessRecord.Bytes, sizeof(ProcessRecord));
        Assert.Equal(ThreadRecord.Bytes, sizeof(ThreadRecord));
        Assert.Equal(RegisterRecord.Bytes, sizeof(RegisterRecord));
        Assert.Equal(TerminalRecord.Bytes, sizeof(TerminalRecord));
        Assert.Equal(TerminalTextRecord.Bytes, sizeof(TerminalTextRecord));
        Assert.Equal(SessionRecord.Bytes, sizeof(SessionRecord));
        Assert.Equal(ProcessGroupRecord.Bytes, sizeof(ProcessGroupRecord));
        Assert.Equal(TimerRecord.Bytes, sizeof(TimerRecord));
        Assert.Equal(SignalBacklogRecord.Bytes, sizeof(SignalBacklogRecord));
        Assert.Equal(SignalInfo.Bytes, sizeof(SignalInfo));
        Assert.Equal(OlderSignalInfo.Bytes, sizeof(OlderSignalInfo));
    }

    // siginfo_t has its union at 16, behind a word of padding.
    [Theory]
    [InlineData("Code", 4)]
    [InlineData("Error", 8)]
    [InlineData("Pid", 16 - 4)]
    [InlineData("TimerId", 16 - 4)]
    [InlineData("Address", 16 - 4)]
    [InlineData("Uid", 20 - 4)]
    [InlineData("Overruns", 20 - 4)]
    [InlineData("Status", 24 - 4)]
    [InlineData("Value", 24 - 4)]
    [InlineData("UserTicks", 32 - 4)]
    [InlineData("SystemTicks", 40 - 4)]
    public void Queued_signals_lie_in_records_as_in_the_programs_structure(string field, int offset)
        => Assert.Equal(offset, (int)Marshal.OffsetOf<SignalInfo>(field));

    [Fact]
    public void The_second_version_of_a_terminal_begins_where_the_first_ended()
    {
        TerminalRecord record;
        Assert.Equal(TerminalRecord.BytesOfVersion1, (int)((byte*)&record.Node - (byte*)&record));
        Assert.Equal(640, (int)((byte*)&record.Number - (byte*)&record));
        Assert.Equal(646, (int)((byte*)&record.PacketStatus - (byte*)&record));
    }

    [Fact]
    public void The_second_version_of_a_timer_begins_where_the_first_ended()
    {
        TimerRecord record;
        Assert.Equal(TimerRecord.BytesOfVersion1, (int)((byte*)&record.Target - (byte*)&record));
        Assert.Equal(0, (int)((byte*)&record.Process - (byte*)&record));
        Assert.Equal(56, (int)((byte*)&record.Clock - (byte*)&record));
    }

    [Theory]
    [InlineData(nameof(MachineSettingsRecord.RealtimeShiftNanoseconds), 0)]
    [InlineData(nameof(MachineSettingsRecord.HasHostName), 8)]
    [InlineData(nameof(MachineSettingsRecord.HasDomainName), 9)]
    [InlineData(nameof(MachineSettingsRecord.HostNameBytes), 10)]
    [InlineData(nameof(MachineSettingsRecord.DomainNameBytes), 11)]
    [InlineData(nameof(MachineSettingsRecord.MoreLeaseBreakSeconds), 12)]
    [InlineData(nameof(MachineSettingsRecord.HostName), 16)]
    [InlineData(nameof(MachineSettingsRecord.DomainName), 80)]
    [InlineData(nameof(MachineSettingsRecord.MostPipeBytes), 144)]
    [InlineData(nameof(MachineSettingsRecord.MoreInotifyInstances), 148)]
    [InlineData(nameof(MachineSettingsRecord.InotifyWatchesAndOne), 152)]
    [InlineData(nameof(MachineSettingsRecord.MoreInotifyEvents), 156)]
    public void The_machines_settings_lie_where_they_always_did(string field, int offset)
    {
        Assert.Equal(MachineSettingsRecord.Bytes, sizeof(MachineSettingsRecord));
        Assert.Equal(offset, (int)Marshal.OffsetOf<MachineSettingsRecord>(field));
    }

    [Theory]
    [InlineData("Permitted", 0)]
    [InlineData("Effective", 8)]
    [InlineData("Inheritable", 16)]
    [InlineData("Bounding", 24)]
    [InlineData("Ambient", 32)]
    [InlineData("SecureBits", 40)]
    public void Capabilities_lie_where_they_always_did(string field, int offset)
    {
        Assert.Equal(48, sizeof(CapabilitySets));
        Assert.Equal(offset, (int)Marshal.OffsetOf<CapabilitySets>(field));
    }

    [Fact]
    public void A_choice_of_scheduling_lies_where_it_always_did()
    {
        SchedulingChoice choice;
        Assert.Equal(8, sizeof(SchedulingChoice));
        Assert.Equal(0, (int)((byte*)&choice.Policy - (byte*)&choice));
        Assert.Equal(1, (int)((byte*)&choice.Priority - (byte*)&choice));
        Assert.Equal(2, (int)((byte*)&choice.ResetsOnFork - (byte*)&choice));
        Assert.Equal(4, (int)((byte*)&choice.IoPriority - (byte*)&choice));
    }

    [Fact]
    public void The_owner_is_first_in_a_piece_of_a_backlog()
    {
        SignalBacklogRecord record;
        Assert.Equal(0, (int)((byte*)&record.Owner - (byte*)&record));
        Assert.Equal(8, (int)((byte*)&record.Count - (byte*)&record));
        Assert.Equal(12, (int)((byte*)&record.Reserved - (byte*)&record));
    }

    [Fact]
    public void The_second_version_of_a_thread_begins_where_the_first_ended()
    {
        ThreadRecord record;
        Assert.Equal(ThreadRecord.BytesOfVersion1, (int)((byte*)&record.FirstFile - (byte*)&record));
        Assert.Equal(ThreadRecord.BytesOfVersion2, (int)((byte*)&record.Schedule - (byte*)&record));
        Assert.Equal(ThreadRecord.BytesOfVersion4, (int)((byte*)&record.SequenceArea - (byte*)&record));
        Assert.Equal(480, (int)((byte*)&record.SequenceSignature - (byte*)&record));
    }

    [Fact]
    public void The_second_version_of_a_process_begins_where_the_first_ended()
    {
        ProcessRecord record;
        Assert.Equal(ProcessRecord.BytesOfVersion1, (int)((byte*)&record.Capabilities - (byte*)&record));
        Assert.Equal(IdentityRecord.Bytes, sizeof(IdentityRecord));
        Credentials credentials;
        Assert.True((byte*)&credentials.Capabilities - (byte*)&credentials >= IdentityRecord.Bytes);
        foreach (string field in new[] { "RealUid", "EffectiveUid", "FileUid", "RealGid", "FileGid", "GroupCount", "Groups" })
            Assert.Equal(Marshal.OffsetOf<Credentials>(field), Marshal.OffsetOf<IdentityRecord>(field));
    }

    [Fact]
    public void The_largest_process_and_thread_fit_a_record()
    {
        int queue = SignalQueue.Limit * sizeof(SignalInfo);
        Assert.True(SignalBacklogRecord.Bytes + (SignalBacklog.Capacity * sizeof(SignalInfo)) <= StateCodec.MaxPayloadBytes);
        Assert.True(ProcessRecord.Bytes + queue <= StateCodec.MaxPayloadBytes);
        Assert.True(ThreadRecord.Bytes + queue + UserContext.ExtendedStateBytes <= StateCodec.MaxPayloadBytes);
    }

    [Fact]
    public void Registers_lie_in_the_record_as_in_the_context()
    {
        foreach (string field in new[] { "R15", "Rbx", "R11", "Rax", "Rdi", "OriginalRax", "Rip", "Cs", "Rflags", "Rsp", "Ss" })
            Assert.Equal(Marshal.OffsetOf<UserContext>(field), Marshal.OffsetOf<RegisterRecord>(field));
    }
}
