// A program is a list of operations. Each is a number that says what to do and four that say with what, modulo what there is at that
// moment: an operation always means something, whatever was left out before it, and so a failing program can be shrunk by leaving out
// operations.
using System;
using System.Collections.Generic;
using System.Linq;

namespace Aurora.States.Tests;

/// <summary>One step of a program, as numbers.</summary>
internal readonly record struct Operation(int Kind, uint A, uint B, uint C, uint D);

/// <summary>What an operation does.</summary>
internal delegate void OperationBody(World world, Operation operation);

/// <summary>All operations, and how often each is drawn.</summary>
internal static class Operations
{
    private static readonly (string Name, int Weight, OperationBody Body)[] _all =
    [
        .. ProcessOperations.All, .. CredentialOperations.All, .. SignalOperations.All, .. TimeOperations.All, .. FileOperations.All,
            .. NameOperations.All,
        .. LockOperations.All, .. LeaseOperations.All, .. PipeOperations.All, .. EventPollOperations.All, .. EventOperations.All,
            .. InotifyOperations.All,
            .. PidfdOperations.All,
            .. SocketOperations.All, .. MemoryOperations.All, .. VdsoOperations.All, .. SegmentOperations.All,
            .. MessageOperations.All, .. NamedQueueOperations.All,
            .. SemaphoreOperations.All, .. RegionOperations.All, .. FutexOperations.All,
            .. TerminalOperations.All, .. PtyOperations.All,
    ];

    private static readonly int[] _drawn = [.. _all.SelectMany((operation, index) => Enumerable.Repeat(index, operation.Weight))];

    private static readonly int[] _ofRegions =
        [.. _drawn.Where(index => RegionOperations.All.Any(operation => operation.Item1 == _all[index].Name))];

    // Programs that a program about regions begins with.
    private const int Forks = 2;

    public static int Count => _all.Length;

    public static Operation Draw(Random random)
        => new(_drawn[random.Next(_drawn.Length)], Number(random), Number(random), Number(random), Number(random));

    /// <summary>As <see cref="Draw"/>, most of them about regions, of programs that there are then.</summary>
    public static Operation DrawOfRegions(Random random, int step)
    {
        int[] drawn = random.Next(3) == 0 ? _drawn : _ofRegions;
        int kind = step < Forks ? Array.FindIndex(_all, operation => operation.Name == "fork") : drawn[random.Next(drawn.Length)];
        return new(kind, Number(random), Number(random), Number(random), Number(random));
    }

    public static string NameOf(Operation operation) => _all[operation.Kind].Name;

    public static void Run(World world, Operation operation) => _all[operation.Kind].Body(world, operation);

    private static uint Number(Random random) => (uint)random.NextInt64(1L << 32);
}
