using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Records;
using Aurora.Posix.Signals;
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
    }

    [Fact]
    public void The_second_version_of_a_thread_begins_where_the_first_ended()
    {
        ThreadRecord record;
        Assert.Equal(ThreadRecord.BytesOfVersion1, (int)((byte*)&record.FirstFile - (byte*)&record));
        Assert.Equal(ThreadRecord.BytesOfVersion2, (int)((byte*)&record.Schedule - (byte*)&record));
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
