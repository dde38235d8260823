using System;
using System.Text;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>Writers hear of a full disk before a checkpoint does.</summary>
public sealed unsafe class StoreSpaceTests
{
    private const int FilePages = 64;

    [Fact]
    public void AFullDiskRefusesWritesAndEveryCheckpointStillSucceeds()
    {
        using TestSession session = TestSession.Create(blocks: 4096);
        var space = new StoreSpace(session.Store, session.Engine);
        session.Group.Files.Space = space;
        session.Checkpoint();
        space.Describe(out ulong total, out ulong free);
        Assert.InRange(free, total / 2, total);
        byte[] contents = new byte[FilePages * 4096];
        new Random(5).NextBytes(contents);
        int files = 0;
        while (Write(session, files, contents))
        {
            // Several epochs' worth of writes between two checkpoints.
            if (++files % 4 == 0)
                session.Checkpoint();
            Assert.Equal(StoreStatus.Ok, session.Engine.Refusal);
            Assert.InRange(files, 0, 4096 / FilePages);
        }
        session.Checkpoint();
        Assert.InRange(files, 4096 / FilePages / 3, 4096 / FilePages);
        space.Describe(out _, out free);
        Assert.InRange(free, 0UL, 2UL * FilePages);

        for (int file = 0; file < files / 2; file++)
            session.Remove($"/f{file}");
        for (int cut = 0; cut < 4; cut++)
            session.Checkpoint();
        Assert.True(Write(session, files, contents));
        session.Checkpoint();
    }

    private static bool Write(TestSession session, int number, byte[] contents)
    {
        byte[] path = Encoding.ASCII.GetBytes($"/f{number}");
        Errno error = session.Tree.Make(path, InodeMode.Regular | 0x1B6);
        if (error == Errno.Ok && session.Tree.Find(path, true, out Inode* inode) == Errno.Ok)
        {
            error = session.Tree.Write(inode, 0, contents);
            session.Group.Files.Release(inode);
        }
        Assert.True(error is Errno.Ok or Errno.ENOSPC, error.ToString());
        return error == Errno.Ok;
    }
}
