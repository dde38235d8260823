using System;
using System.Linq;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Posix.Tests.Files;

public sealed unsafe class FileDataTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_writes_truncations_and_holes_match_an_array_across_reboots(int seed)
    {
        var random = new Random(seed);
        var world = new FileWorld();
        world.WriteFile("/f", default);
        byte[] model = [];
        for (int step = 0; step < 300; step++)
        {
            Inode* inode = world.At("/f");
            int position = random.Next(0, 60_000);
            switch (random.Next(6))
            {
                case 0 or 1:
                    byte[] bytes = new byte[random.Next(1, 20_000)];
                    random.NextBytes(bytes);
                    Assert.Equal(Errno.Ok, world.Settle(() => world.Build.Write(inode, (ulong)position, bytes)));
                    if (model.Length < position + bytes.Length)
                        Array.Resize(ref model, position + bytes.Length);
                    bytes.CopyTo(model, position);
                    break;
                case 2:
                    Assert.Equal(Errno.Ok, world.Settle(() => world.Build.Resize(inode, (ulong)position)));
                    Array.Resize(ref model, position);
                    break;
                case 3:
                    int length = random.Next(1, 30_000);
                    Assert.Equal(Errno.Ok, world.Settle(() => Punch(world, inode, position, length)));
                    int end = Math.Min(position + length, model.Length);
                    if (position < end)
                        model.AsSpan(position, end - position).Clear();
                    break;
                case 4:
                    world.Checkpoint();
                    break;
                case 5 when step % 10 == 0:
                    FileWorld next = world.Reboot();
                    world.Dispose();
                    world = next;
                    break;
            }
            if (step % 7 == 0)
                Assert.Equal(model, world.ReadFile(world.At("/f")));
        }
        Assert.Equal(model, world.ReadFile(world.At("/f")));
        world.Dispose();
    }

    [Fact]
    public void A_sparse_file_reads_as_zeroes_and_takes_no_frames()
    {
        using var world = new FileWorld();
        world.WriteFile("/s", default);
        Inode* inode = world.At("/s");
        ulong before = world.Frames.UsedFrames;
        Assert.Equal(Errno.Ok, world.Build.Resize(inode, 1UL << 40));
        Assert.Equal(Errno.Ok, world.Build.Write(inode, (1UL << 40) - 1, "!"u8));
        Assert.Equal(1UL << 40, inode->Size);
        Assert.InRange(world.Frames.UsedFrames - before, 1u, 12u);
        byte[] piece = new byte[100];
        Assert.Equal(Errno.Ok, world.Build.Read(inode, 123_456_789, piece, out int count));
        Assert.Equal(100, count);
        Assert.All(piece, b => Assert.Equal(0, b));
    }

    [Fact]
    public void Appends_go_to_the_end_and_the_offset_follows()
    {
        using var world = new FileWorld();
        world.WriteFile("/log", "start"u8);
        OpenFile* one = world.Open(world.At("/log"), OpenFlags.WriteOnly | OpenFlags.Append);
        OpenFile* two = world.Open(world.At("/log"), OpenFlags.ReadWrite);
        Assert.Equal(3, world.Write(one, "abc"u8));
        Assert.Equal(2, world.Write(two, "ST"u8));
        Assert.Equal(2, world.Write(one, "de"u8));
        Assert.Equal("STartabcde"u8.ToArray(), world.ReadFile(world.At("/log")));
        Assert.Equal(10u, one->Offset);
        byte[] rest = new byte[100];
        Assert.Equal(8, world.Read(two, rest));
        Assert.Equal("artabcde"u8.ToArray(), rest.Take(8));
        Assert.Equal(0, world.Read(two, rest));
        world.Files.OpenFiles.Release(one);
        world.Files.OpenFiles.Release(two);
    }

    [Fact]
    public void Running_out_of_frames_is_ENOSPC_and_shows_no_stale_bytes()
    {
        using var world = new FileWorld(frames: 400);
        world.WriteFile("/big", default);
        OpenFile* file = world.Open(world.At("/big"), OpenFlags.ReadWrite);
        byte[] block = new byte[100_000];
        Array.Fill(block, (byte)0xDD);
        long last;
        do
            last = world.Write(file, block);
        while (last == block.Length);
        Assert.True(last > 0 || last == -(long)Errno.ENOSPC || last == -1000, $"{last}");
        Assert.Equal(file->Offset, file->Inode->Size);
        world.Files.OpenFiles.Release(file);
    }

    private static Errno Punch(FileWorld world, Inode* inode, int position, int length)
    {
        PageAccess access = world.Files.Data.Punch(inode, (ulong)position, (ulong)length, out _);
        return FileData.ErrorOf(in access);
    }
}
