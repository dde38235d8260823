using System;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>A directory tree through checkpoint, power loss and restore.</summary>
public sealed unsafe class FileTreeTests
{
    private static byte[] Pattern(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [Fact]
    public void ATreeComesBackWithNamesAttributesAndContents()
    {
        string longTarget = "/" + new string('t', 3500);
        TestSession session = TestSession.Create();
        TreeBuilder tree = session.Tree;
        Assert.Equal(Errno.Ok, tree.MakeDirectories("/usr/share/doc"u8));
        session.MakeFile("/usr/share/doc/empty", default);
        session.MakeFile("/usr/small", "hello"u8);
        session.MakeFile("/usr/large", Pattern(1, 300_001));
        Assert.Equal(Errno.Ok, tree.MakeHardLink("/usr/twin"u8, "/usr/small"u8));
        Assert.Equal(Errno.Ok, tree.MakeLink("/short"u8, "usr/small"u8));
        Assert.Equal(Errno.Ok, tree.MakeLink("/long"u8, Encoding.UTF8.GetBytes(longTarget)));
        Assert.Equal(Errno.Ok, tree.Make("/null"u8, InodeMode.CharacterDevice | 0x1B6, 0x103));
        Assert.Equal(Errno.Ok, tree.Make(Encoding.UTF8.GetBytes("/" + new string('n', 255)), InodeMode.Fifo | 0x1B6));
        Inode* small = session.Find("/usr/small");
        tree.SetAttributes(small, 0x9ED, 1000, 1001, 123456789);
        session.Group.Files.Inodes.Release(small);
        session.Checkpoint();

        using TestSession restored = session.Reboot();

        small = restored.Find("/usr/small");
        Assert.Equal(InodeMode.Regular | 0x9EDu, small->Mode);
        Assert.Equal((1000u, 1001u, 123456789L, 2u), (small->Uid, small->Gid, small->ModifyTime, small->LinkCount));
        Assert.True(small == restored.Find("/usr/twin"));
        Assert.Equal("hello"u8.ToArray(), restored.Contents("/usr/twin"));
        Assert.Equal(Pattern(1, 300_001), restored.Contents("/usr/large"));
        Assert.Empty(restored.Contents("/usr/share/doc/empty"));
        Assert.Equal("usr/small", Encoding.UTF8.GetString(Inodes.TargetOf(restored.Find("/short"))));
        Assert.Equal(longTarget, Encoding.UTF8.GetString(Inodes.TargetOf(restored.Find("/long"))));
        Assert.Equal(0x103UL, restored.Find("/null")->Device);
        Assert.True(restored.Find("/" + new string('n', 255))->IsFifo);
        Assert.Equal(3u, restored.Find("/usr/share")->LinkCount);
    }

    [Fact]
    public void OnlyWhatIsDurableComesBack()
    {
        TestSession session = TestSession.Create();
        session.MakeFile("/a", Pattern(1, 20_000));
        session.MakeFile("/b", Pattern(2, 20_000));
        session.Checkpoint();
        session.Write("/a", 5_000, "changed"u8);
        session.Remove("/b");
        session.MakeFile("/c", "new"u8);
        TestSession before = session.Reboot();
        Assert.Equal(Pattern(1, 20_000), before.Contents("/a"));
        Assert.Equal(Pattern(2, 20_000), before.Contents("/b"));
        Assert.True(before.Find("/c") == null);

        before.Write("/a", 5_000, "changed"u8);
        before.Remove("/b");
        before.MakeFile("/c", "new"u8);
        before.Checkpoint();
        using TestSession after = before.Reboot();
        byte[] expected = Pattern(1, 20_000);
        "changed"u8.CopyTo(expected.AsSpan(5_000));
        Assert.Equal(expected, after.Contents("/a"));
        Assert.True(after.Find("/b") == null);
        Assert.Equal("new"u8.ToArray(), after.Contents("/c"));
    }

    [Fact]
    public void IdentitiesAreNotUsedTwiceAcrossARestore()
    {
        TestSession session = TestSession.Create();
        session.MakeFile("/a", "1"u8);
        session.MakeFile("/gone", "2"u8);
        Assert.Equal(Errno.Ok, session.Tree.MakeDirectories("/dir"u8));
        ulong gone = NumberOf(session, "/gone");
        ulong directory = NumberOf(session, "/dir");
        session.Remove("/gone");
        session.Remove("/dir");
        ulong next = session.Tracker.NextId.Value;
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        Assert.Equal(next, restored.Tracker.NextId.Value);
        restored.MakeFile("/gone", "3"u8);
        Assert.Equal(Errno.Ok, restored.Tree.MakeDirectories("/dir"u8));
        Assert.True(NumberOf(restored, "/gone") > gone);
        Assert.True(NumberOf(restored, "/dir") > directory);
    }

    private static ulong NumberOf(TestSession session, string path)
    {
        Inode* inode = session.Find(path);
        ulong number = inode->Number;
        session.Group.Files.Inodes.Release(inode);
        return number;
    }

    [Fact]
    public void AnUnchangedGroupHasNoWorkAndWritesNothing()
    {
        TestSession session = TestSession.Create();
        session.MakeFile("/a", Pattern(3, 9_000));
        session.Checkpoint();
        AssertIdle(session);
        using TestSession restored = session.Reboot();
        AssertIdle(restored);
        restored.Contents("/a");
        AssertIdle(restored);
        restored.Write("/a", 0, "x"u8);
        Assert.NotEqual(ulong.MaxValue, restored.Engine.NextDueNanoseconds);
    }

    [Fact]
    public void AnIncrementalCheckpointWritesWhatChanged()
    {
        using TestSession session = TestSession.Create();
        for (int i = 0; i < 50; i++)
            session.MakeFile($"/f{i}", Pattern(i, 10_000));
        session.Checkpoint();
        session.Write("/f7", 4_096, "one page"u8);
        session.Checkpoint();
        Assert.True(session.Engine.ReadSample(0, out var sample));
        Assert.Equal(1u, sample.DirtyPages);
        Assert.Equal(2u, sample.Records);
    }

    [Fact]
    public void AFileWithoutNamesLivesWhileItIsOpen()
    {
        TestSession session = TestSession.Create();
        session.MakeFile("/tmp", Pattern(4, 12_000));
        OpenFile* file = session.OpenFile("/tmp");
        ObjectId fileId = file->Header.Id;
        ObjectId inodeId = file->Inode->Header.Id;
        session.Remove("/tmp");
        session.Checkpoint();
        TestSession restored = session.Reboot();

        file = (OpenFile*)restored.Tracker.Find(fileId, ObjectKind.OpenFile);
        Assert.True(file != null && file->Inode->Header.Id == inodeId && file->Inode->IsOrphan);
        Assert.Equal(Pattern(4, 12_000), restored.Contents(file->Inode));
        ObjectId dataId = file->Inode->Data->Header.Id;
        restored.Group.Files.OpenFiles.Hold(file);
        restored.Group.Files.OpenFiles.Release(file);
        restored.Checkpoint();
        using TestSession last = restored.Reboot();
        Assert.True(last.Tracker.Find(fileId) == null && last.Tracker.Find(inodeId) == null && last.Tracker.Find(dataId) == null);
        byte[] page = new byte[8192];
        fixed (byte* start = page)
        {
            byte* aligned = (byte*)(((nuint)start + 4095) & ~(nuint)4095);
            Assert.Equal(Aurora.Store.StoreStatus.Hole, last.Store.ReadPage(Aurora.Store.VolumeId.First, dataId, 0, aligned));
        }
    }

    [Fact]
    public void TruncationsAndHolesComeBack()
    {
        TestSession session = TestSession.Create();
        session.MakeFile("/f", Pattern(5, 40_000));
        session.Checkpoint();
        session = session.Reboot();
        session.Resize("/f", 10_000);
        session.Resize("/f", 60_000);
        session.Write("/f", 50_000, "end"u8);
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        byte[] expected = new byte[60_000];
        Pattern(5, 40_000).AsSpan(0, 10_000).CopyTo(expected);
        "end"u8.CopyTo(expected.AsSpan(50_000));
        Assert.True(expected.SequenceEqual(restored.Contents("/f")));
    }

    [Fact]
    public void TimeGoesOnFromTheCheckpoint()
    {
        TestSession session = TestSession.Create();
        session.Clock.Advance(5_000_000_000);
        ulong then = session.Group.Clocks.Of(session.Group.Tracker).MonotonicNanoseconds;
        session.Checkpoint();
        Epoch epoch = session.Engine.LastDurable;
        using TestSession restored = session.Reboot();
        Assert.Equal(then, restored.Group.Clocks.Of(restored.Group.Tracker).MonotonicNanoseconds);
        Assert.Equal(epoch.Value, restored.Engine.RestoredEpoch);
        Assert.True(restored.Engine.IsDurable(epoch));
    }

    private static void AssertIdle(TestSession session)
    {
        session.BecomeQuiet();
        long writes = session.Device.WriteRequests;
        Assert.Equal(ulong.MaxValue, session.Engine.NextDueNanoseconds);
        session.Clock.Advance(1_000_000_000);
        session.Engine.Poll();
        session.Flush();
        session.Commit();
        Assert.Equal(writes, session.Device.WriteRequests);
        Assert.False(session.Engine.IsBusy);
    }
}
