using System;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Who pays for kernel objects, through a checkpoint and a restore.</summary>
public sealed unsafe class ChargeTests
{
    public ChargeTests() => HostEnvironment.Install();

    [Fact]
    public void UsersPayForTheSameAfterARestore()
    {
        uint[] users = [1000, 1001, uint.MaxValue];
        TestSession session = TestSession.Create();
        Make(session, 0);
        foreach (uint user in users)
            Make(session, user);
        session.Checkpoint();
        ulong[] before = [.. users.Select(user => session.Pages.Accounts.BytesOf(user))];
        Assert.DoesNotContain(0UL, before);

        using TestSession restored = session.Reboot();
        Assert.True(restored.TryLoadTree());
        Assert.Equal(before, users.Select(user => restored.Pages.Accounts.BytesOf(user)));
        foreach (uint user in users)
        {
            Assert.Equal(user, SlabSlot.UserOf(restored.Find($"/file-{user}")));
            Assert.Equal("contents"u8.ToArray(), restored.Contents($"/file-{user}"));
        }
        Assert.Equal(0U, SlabSlot.UserOf(restored.Find("/file-0")));
    }

    /// <summary>The list is kernel memory of the group, taken once: whoever asks first does not pay for it.</summary>
    [Fact]
    public void TheHistoryIsReadForAUserWhoMayTakeNothingMore()
    {
        using TestSession session = TestSession.Create();
        session.Checkpoint();
        session.Pages.IsLowForUsers = true;
        session.Pages.Accounts.Enter(1000, isPrivileged: false);
        ulong ticket = session.Engine.RequestHistory();
        Assert.NotEqual(0UL, ticket);
        Assert.True(session.Pages.Accounts.IsLimited);
        Assert.Equal(0UL, session.Pages.Accounts.BytesOf(1000));
        session.Pages.Accounts.Leave();
        session.RunErrands();
        Assert.True(session.Engine.IsHistoryReady(ticket));
        Assert.True(session.Engine.ReadHistory(0, out _));
    }

    [Theory]
    [InlineData(0U, 4)]
    [InlineData(1U, 8)]
    [InlineData(uint.MaxValue, 8)]
    public void ARecordTellsWhoPays(uint user, int length)
    {
        byte[] record = new byte[16];
        Assert.Equal(length, RecordHeader.Write(record, ObjectKind.Inode, 127, user));
        record[length] = 77;
        Assert.True(RecordHeader.TryRead(record, out RecordHeader header, out uint read, out ReadOnlySpan<byte> payload));
        Assert.Equal((ObjectKind.Inode, (byte)127, user, 16 - length, (byte)77),
            (header.Kind, header.Version, read, payload.Length, payload[0]));
        for (int cut = 0; cut < length; cut++)
            Assert.False(RecordHeader.TryRead(record.AsSpan(0, cut), out _, out _, out _));
        record[2] = 1;
        Assert.False(RecordHeader.TryRead(record, out _, out _, out _));
    }

    [Fact]
    public void AUserIsNeverZero()
    {
        byte[] record = new byte[16];
        RecordHeader.Write(record, ObjectKind.Inode, 1, 5);
        record[4] = 0;
        Assert.False(RecordHeader.TryRead(record, out _, out _, out _));
    }

    [Fact]
    public void TheHeaderIsAsDescribed()
    {
        RecordHeader header;
        Assert.Equal((4, 4, 8), (sizeof(RecordHeader), RecordHeader.Size, RecordHeader.MaxSize));
        Assert.Equal((0, 1, 2), ((int)((byte*)&header.Kind - (byte*)&header), (int)(&header.Version - (byte*)&header),
            (int)((byte*)&header.Reserved - (byte*)&header)));
    }

    private static void Make(TestSession session, uint user)
    {
        session.Pages.Accounts.Enter(user, isPrivileged: false);
        session.MakeFile($"/file-{user}", "contents"u8);
        Assert.Equal(Errno.Ok,
            session.Tree.MakeLink(Encoding.UTF8.GetBytes($"/link-{user}"), Encoding.UTF8.GetBytes(new string('l', 4000))));
        session.Pages.Accounts.Leave();
    }
}
