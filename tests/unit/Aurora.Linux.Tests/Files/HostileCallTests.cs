using System;
using System.Collections.Generic;
using Aurora.Linux.Executive;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Tests.Files;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>Any arguments at all: a call may fail or wait, but nothing panics and the tree stays whole.</summary>
public sealed unsafe class HostileCallTests
{
    private static readonly string[] Paths =
        ["/", ".", "..", "", "/a", "/a/b", "a/../b", "/dev/null", "/dev/zero", "/proc/self/fd/3", "/proc/self/exe", "/proc/1/stat", "/proc/self/fd",
         "/l", "/l/", "/fifo", "/dev/tty", "/proc/self/cwd/a", "/proc", "b/", "/dev/full", "/proc/self/maps", new string('x', 300)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_calls_do_no_harm(int seed)
    {
        var random = new Random(seed);
        using var calls = new CallWorld();
        calls.World.Build.MakeLink("/l"u8, "a"u8);
        calls.World.Build.Make("/fifo"u8, InodeMode.Fifo | 0x1B6);
        uint[] numbers = Registered();
        for (int step = 0; step < 6000; step++)
        {
            if (step % 100 == 0)
                FillMemory(calls, random);
            uint number = numbers[random.Next(numbers.Length)];
            long result = calls.Call(number, Argument(calls, random), Argument(calls, random), Argument(calls, random), Argument(calls, random),
                Argument(calls, random), Argument(calls, random));
            Assert.True(result is >= -4095 or CallWorld.Blocked, $"{number}: {result}");
            calls.World.Clock.Now += 1_000_000;
            if (step % 500 == 0)
                calls.World.Checkpoint();
            int all = int.MaxValue;
            if (step % 200 == 0)
                calls.World.Files.Descriptors.CloseRange(calls.World.Table, 10, uint.MaxValue, ref all);
        }
        calls.World.Scheduler.LeaveQueues(calls.Thread);
        CheckTree(calls.World, calls.World.Space->Root, 0);
        using var restored = calls.World.Reboot();
        CheckTree(restored, restored.Space->Root, 0);
        Assert.Equal(calls.World.Space->EntryCount, restored.Space->EntryCount);
    }

    private static uint[] Registered()
    {
        var table = new SystemCallTable();
        FileCalls.Register(table);
        var numbers = new List<uint>();
        for (uint i = 0; i < SystemCallTable.LinuxLimit; i++)
            if (table.IsKnown(i))
                numbers.Add(i);
        return [.. numbers];
    }

    private static void FillMemory(CallWorld calls, Random random)
    {
        byte[] noise = new byte[4096];
        random.NextBytes(noise);
        for (int i = 0; i < noise.Length; i += 8)
            if (random.Next(3) != 0)
                BitConverter.TryWriteBytes(noise.AsSpan(i), (ulong)random.Next(2000));
        calls.Poke(CallWorld.Memory, noise);
    }

    private static ulong Argument(CallWorld calls, Random random) => random.Next(12) switch
    {
        0 or 1 or 2 => calls.Path(Paths[random.Next(Paths.Length)], random.Next(8)),
        3 or 4 => (ulong)random.Next(12),
        5 => unchecked((ulong)FileCall.CurrentDirectory),
        6 => CallWorld.Memory + (ulong)random.Next(4096),
        7 => CallWorld.Memory + CallWorld.MemoryBytes - (ulong)random.Next(64),
        8 => 1UL << random.Next(64),
        9 => (ulong)random.NextInt64(),
        10 => unchecked((ulong)-random.Next(3)),
        _ => (ulong)random.Next(70_000),
    };

    private static void CheckTree(FileWorld world, Inode* directory, int depth)
    {
        Assert.True(depth < 500);
        uint count = 0;
        uint subdirectories = 0;
        for (ulong position = 0; !directory->IsProc; count++)
        {
            Assert.Equal(Errno.Ok, world.Build.Next(directory, position, out DirectoryEntry* entry));
            if (entry == null)
                break;
            position = entry->Position;
            Assert.Equal(Errno.Ok, world.Build.Follow(entry));
            Assert.True(entry->Directory == directory && entry->Target->NameCount > 0);
            if (!entry->Target->IsDirectory)
                continue;
            subdirectories++;
            Assert.True(entry->Target->Parent == directory);
            CheckTree(world, entry->Target, depth + 1);
        }
        Assert.Equal((count, subdirectories), (directory->EntryCount, directory->SubdirectoryCount));
    }
}
